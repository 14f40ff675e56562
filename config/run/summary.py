"""What a person reads when the portal has started: where it is and what to try."""

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from contracts.programs.sample_rosters import sample_registrations
from tenants.context import ActiveContract
from tenants.registry import list_contracts

_WIDTH = 110


def summary(port: int) -> str:
    """Return the portal's addresses and the sample registrations as text."""
    contracts = list_contracts()
    console = Console(file=io.StringIO(), width=_WIDTH)
    console.print(_addresses(port, contracts))
    console.print("\nTo try, on a program's page, under “register here”:")
    console.print(_registrations(contracts))
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101 (it was given above)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _addresses(port: int, contracts: Sequence[ActiveContract]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    base = f"http://localhost:{port}"
    table.add_row("Portal", f"{base}/")
    for contract in contracts:
        table.add_row(contract.name, f"{base}/{contract.slug}/")
        table.add_row("", f"http://{contract.slug}.localhost:{port}/")
    table.add_row("Outbox (mail, texts, calls)", f"{base}/outbox/")
    table.add_row("Components", f"{base}/ui/")
    return table


def _registrations(contracts: Sequence[ActiveContract]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Program", "Identifier", "Code", "What it shows"):
        table.add_column(heading)
    for contract in contracts:
        for number, sample in enumerate(sample_registrations(contract.slug)):
            code = sample.code or f"{sample.remittance_on} {sample.remittance_amount}".strip()
            name = contract.slug if number == 0 else ""
            table.add_row(name, sample.identifier, code, sample.note)
    return table
