"""What a person reads when the portal has started: where it is and what to try."""

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from contracts.programs.sample_rosters import (
    SampleRegistration,
    sample_registrations,
    sample_without_code,
)
from contracts.programs.sample_users import PASSWORD, USERS
from contracts.registration.selectors import list_taken_entries
from contracts.roster.models import RosterEntry
from core.accounts.models import User
from core.common.clock import now
from tenants.context import ActiveContract, contract_context
from tenants.registry import get_deployment, list_contracts

_WIDTH = 110


def summary(port: int) -> str:
    """Return the portal's addresses and the sample registrations as text."""
    contracts = list_contracts()
    console = Console(file=io.StringIO(), width=_WIDTH)
    console.print(_addresses(port, contracts))
    console.print("\nTo try, on a program's page, under “register here” (each can be used once):")
    console.print(_registrations(contracts))
    waiting = _waiting_users(contracts)
    if waiting.row_count:
        console.print(
            "\nCurrent portal users without a second factor: on a program's page, under “first "
            f"login … click here”, password {PASSWORD}"
        )
        console.print(waiting)
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101 (it was given above)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _waiting_users(contracts: Sequence[ActiveContract]) -> Table:
    """Return the sample users who have not registered for a second factor yet."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Username", "Program", "Mail goes to", "What it shows"):
        table.add_column(heading)
    slugs = {contract.slug for contract in contracts}
    without = User.objects.filter(username__in=[user.username for user in USERS], factors=None)
    waiting = set(without.values_list("username", flat=True))
    for user in USERS:
        if user.contract in slugs and user.username in waiting:
            table.add_row(user.username, user.contract, user.email, user.note)
    return table


def _addresses(port: int, contracts: Sequence[ActiveContract]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    base = f"http://localhost:{port}"
    table.add_row("Portal", f"{base}/")
    for contract in contracts:
        table.add_row(contract.name, f"{base}/{contract.slug}/")
        table.add_row("", f"http://{contract.slug}.localhost:{port}/")
    for entry in get_deployment().portal_hosts:
        if entry.redirects_to:
            table.add_row("An old host, which redirects", f"http://{entry.host}.localhost:{port}/")
    table.add_row("Outbox (mail, texts, calls)", f"{base}/outbox/")
    table.add_row("Components", f"{base}/ui/")
    return table


def _registrations(contracts: Sequence[ActiveContract]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Program", "Identifier", "Code", "What it shows"):
        table.add_column(heading)
    for contract in contracts:
        samples = sample_registrations(contract.slug)
        rows = [_row(sample) for sample in _still_free(contract, samples)]
        if samples and not rows:
            rows.append(("", "", "all registered: after `make clean` they are free again"))
        if number := sample_without_code(contract.slug):
            rows.append((number, "", "no code yet: have one sent under “I do not have a code”"))
        for count, row in enumerate(rows):
            table.add_row("" if count else contract.slug, *row)
    return table


def _row(sample: SampleRegistration) -> tuple[str, str, str]:
    code = sample.code or f"{sample.remittance_on} {sample.remittance_amount}".strip()
    return sample.identifier, code, sample.note


def _still_free(
    contract: ActiveContract, samples: Sequence[SampleRegistration]
) -> list[SampleRegistration]:
    """Leave out what a registration has used up or reserves: it would only be refused."""
    taken = list_taken_entries(contract.id, at=now())
    with contract_context(contract):
        entries = RosterEntry.objects.filter(id__in=taken)
        places = set(entries.values_list("name", "city"))
    places |= {(name, "") for name, _city in places}
    return [sample for sample in samples if (sample.name, sample.city) not in places]
