"""The local portal's data: tables, configuration and sample rosters, by the people's own commands.

Also makes the tests' template database. Repeating it changes nothing. Needs Django set up.
"""

import csv
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.db.models import Q

from contracts.programs.sample_users import FILE
from contracts.roster.models import RosterEntry
from core.accounts.models import User
from core.common.tables import write_sheet
from tenants.context import contract_context
from tenants.models import Contract
from tenants.registry import list_contracts
from tenants.states import ContractState

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "contracts" / "programs"
DEPLOYMENT = ROOT / "config" / "deployment.toml"


def prepare() -> None:
    """Migrate, apply the repository's documents, load the sample rosters that are missing.

    Raises CommandError with what a command said.
    """
    with step("Tables"):
        call_command("migrate_portal", verbosity=0)
    with step("Deployment"):
        call_command("deployment", "apply", str(DEPLOYMENT))
    with step("Contracts"):
        if documents := documents_to_apply():
            call_command("contract", "apply", *map(str, documents))
    for slug in slugs_without_roster():
        roster = PROGRAMS / "rosters" / f"{slug}.csv"
        if roster.exists():
            with step(f"Roster of {slug}"):
                call_command("roster", "import", slug, str(roster))


def documents_to_apply() -> list[Path]:
    """Return the repository's documents, less those of contracts that somebody has published or
    taken out of service since.

    What an operator published on the pages would be gone with the next start otherwise.
    """
    theirs = set(
        Contract.objects.filter(
            Q(revision__published_by__isnull=False)
            | ~Q(state__in=(ContractState.READY, ContractState.PROVISIONING))
        ).values_list("slug", flat=True)
    )
    for slug in sorted(theirs):
        sys.stdout.write(f"  {slug} stays as it was left on the pages\n")
    return sorted(path for path in PROGRAMS.glob("*.toml") if path.stem not in theirs)


def import_sample_users() -> None:
    """Bring the sample contracts' current portal users in; whoever is there stays as they are.

    For a portal that a person tries; the tests make their own people. Raises CommandError.
    """
    with step("Current portal users"), TemporaryDirectory() as folder:
        file = Path(folder) / FILE.name
        if write_users_to_import(file):
            call_command("accounts", "import-legacy", str(file))


def write_users_to_import(file: Path) -> int:
    """Write the sample users who are not there yet; returns how many rows these are.

    Less those of a contract that does not answer, such as one that somebody has suspended: the
    import takes a file as a whole or not at all, and the portal has to start.
    """
    present = set(User.objects.values_list("username", flat=True))
    ready = {contract.slug for contract in list_contracts()}
    with FILE.open(newline="") as source, file.open("w", newline="") as target:
        rows = csv.DictReader(source)
        wanted = [
            row for row in rows if row["contract"] in ready and row["username"] not in present
        ]
        write_sheet(target, [rows.fieldnames or ()])
        write_sheet(target, (row.values() for row in wanted))
    return len(wanted)


def slugs_without_roster() -> list[str]:
    """Return the contracts whose roster is empty: new ones, and ones that a kill left so."""
    missing = []
    for contract in list_contracts():
        with contract_context(contract):
            if not RosterEntry.objects.exists():
                missing.append(contract.slug)
    return missing


@contextmanager
def step(name: str) -> Iterator[None]:
    """Tell the person at the terminal what is done in the block, and how long it took."""
    sys.stdout.write(f"{name} …\n")
    sys.stdout.flush()
    began = time.monotonic()
    yield
    sys.stdout.write(f"  done in {time.monotonic() - began:.1f} s\n")
    sys.stdout.flush()
