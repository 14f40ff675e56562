"""What the tests of rosters share: rows as a file, and contracts with a roster of their own."""

from pathlib import Path

from contracts.roster.columns import COLUMNS
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import Row, take


def csv_of(rows: list[Row]) -> bytes:
    """Return rows as a roster file."""
    lines = [",".join(COLUMNS), *(",".join(row.get(name, "") for name in COLUMNS) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def fill(contract: ActiveContract, folder: Path, rows: list[Row]) -> None:
    """Make rows the whole roster of a contract."""
    path = folder / "roster.csv"
    path.write_bytes(csv_of(rows))
    with contract_context(contract):
        assert take(path).difference is not None
