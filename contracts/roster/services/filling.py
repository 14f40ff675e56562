"""A file on its way into the staging table: a roster as it is, or a file of NPIs that fills one in.

A file of NPIs has no codes and knows nothing of who may register: it gives names and addresses to
entries that are there, and adds or removes none.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import BinaryIO, Final

from django.db import connection
from psycopg import sql

from contracts.roster.columns import read_header
from contracts.roster.nppes import FILLED, Layout, find_layout, roster_cells, says_something
from contracts.roster.rows import RosterRow, read_row
from contracts.roster.selectors import list_entries
from contracts.roster.services.checking import AT_ONCE, CheckReport, Progress, check_rows
from contracts.roster.services.staging import Staging
from core.common.tables import FileRow, Rejection, TableFileError, read_stream
from tenants.configuration.document import RegistrationSection

_FIELDS: Final = sql.SQL(", ").join(map(sql.Identifier, FILLED))
_MAKE: Final = sql.SQL(
    "CREATE TEMPORARY TABLE roster_npis ON COMMIT DROP AS SELECT identifier, {fields} "
    "FROM contracts_roster_rosterentry WITH NO DATA"
).format(fields=_FIELDS)
_FILL: Final = sql.SQL("COPY roster_npis (identifier, {fields}) FROM STDIN").format(fields=_FIELDS)
_GIVE: Final = sql.SQL(
    "UPDATE roster_staging kept SET {given} FROM (SELECT DISTINCT ON (identifier) * "
    "FROM roster_npis ORDER BY identifier) npi "
    "WHERE kept.identifier = npi.identifier AND kept.identifier_type = 'npi'"
).format(
    given=sql.SQL(", ").join(
        sql.SQL("{column} = coalesce(nullif(npi.{column}, ''), kept.{column})").format(
            column=sql.Identifier(name)
        )
        for name in FILLED
    )
)


class _Header:
    """Looks at a header once, and remembers whose layout it is."""

    def __init__(self, registration: RegistrationSection) -> None:
        self.layout: Layout | None = None
        self._registration = registration

    def check(self, cells: Sequence[str]) -> list[str]:
        self.layout = find_layout(cells)
        return [] if self.layout else read_header(cells, self._registration)


def stage_file(
    registration: RegistrationSection,
    file: BinaryIO,
    table: Staging,
    report: CheckReport,
    progress: Progress,
) -> None:
    """Read a file into the staging table, whichever of the two it is.

    Raises TableFileError for what cannot be read, and what `progress` does.
    """
    header = _Header(registration)
    rows = read_stream(file, header.check)
    first = next(rows, None)
    if first is None:
        return
    everything = _with_first(first, rows)
    if header.layout is None:
        check_rows(registration, everything, table, report, progress)
    else:
        _fill(registration, header.layout, everything, table, report=report, progress=progress)


def _with_first(first: FileRow, rows: Iterable[FileRow]) -> Iterable[FileRow]:
    yield first
    yield from rows


def _fill(
    registration: RegistrationSection,
    layout: Layout,
    rows: Iterable[FileRow],
    table: Staging,
    *,
    report: CheckReport,
    progress: Progress,
) -> None:
    if registration.unit == "location":
        raise TableFileError(
            "This is a file of NPIs. It has one address for each, and this roster lists locations."
        )
    # A code is no part of such a file, whatever the contract's rule asks of a roster.
    rules = registration.model_copy(update={"without_code": "identifier_in_both"})
    waiting = iter(rows)
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        while batch := list(islice(waiting, AT_ONCE)):
            good = _good_rows(rules, layout, batch, report)
            with cursor.copy(_FILL) as copy:
                for row in good:
                    copy.write_row([row.identifier, *(getattr(row, name) for name in FILLED)])
            progress(report.rows, report.rejected_rows)
        table.stage_present()
        cursor.execute(_GIVE)
        cursor.execute("DROP TABLE roster_npis")


def _good_rows(
    rules: RegistrationSection, layout: Layout, batch: Sequence[FileRow], report: CheckReport
) -> list[RosterRow]:
    """Return the rows of entries that are there; a wrong one of theirs is rejected.

    A number that was deactivated stands alone in its row: it has nothing to give.
    """
    cells = {row.number: roster_cells(layout, row.cells) for row in batch if not row.fault}
    report.rows += len(batch)
    wanted = _present({number: one for number, one in cells.items() if says_something(one)})
    good = []
    for row in batch:
        if row.fault:
            report.reject([Rejection(row.number, "", row.fault)])
        elif cells[row.number]["identifier"] in wanted:
            read = read_row(rules, row.number, cells[row.number])
            if isinstance(read, RosterRow):
                good.append(read)
            else:
                report.reject(read)
    return good


def _present(cells: Mapping[int, Mapping[str, str]]) -> set[str]:
    numbers = {one["identifier"] for one in cells.values()}
    found = list_entries().order_by().filter(identifier__in=numbers, identifier_type="npi")
    return set(found.values_list("identifier", flat=True))
