"""Checking a roster file row by row, with its good rows put into the staging table.

Nothing grows with the file: rows go through in batches, and what spans rows is asked of the
database.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from contracts.roster.columns import COLUMNS
from contracts.roster.plain import PlainRows, staged
from contracts.roster.rows import RosterRow, read_row
from contracts.roster.services.staging import Difference, Staging, plain_line, staged_line
from contracts.roster.spreadsheets import LOST_ZEROS, ColumnProblem, ColumnWatch
from core.common.tables import FileRow, Rejection
from tenants.configuration.document import RegistrationSection

AT_ONCE: Final = 2_000
"""Rows of one COPY; between two the caller is told how far it is."""
MOST_KEPT: Final = 100_000
"""Reasons that are kept of one file; the rows are counted beyond that."""

_CODE: Final = 1 + COLUMNS.index("code")
_ZIP: Final = 1 + COLUMNS.index("zip")

Progress = Callable[[int, int], None]
"""Told the rows read and those rejected so far; raises to stop the check."""


@dataclass
class CheckReport:
    """What a check found in a file."""

    rows: int = 0
    rejected_rows: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    column_problems: list[ColumnProblem] = field(default_factory=list)
    difference: Difference | None = None

    @property
    def refused(self) -> bool:
        """Whether anything in the file keeps it from being taken."""
        return bool(self.rejected_rows or self.column_problems or not self.rows)

    def reject(self, reasons: Iterable[Rejection]) -> None:
        """Keep the reasons against one row."""
        self.rejected_rows += 1
        if len(self.rejections) < MOST_KEPT:
            self.rejections.extend(reasons)


def check_rows(
    registration: RegistrationSection,
    rows: Iterable[FileRow],
    table: Staging,
    report: CheckReport,
    progress: Progress,
) -> None:
    """Check every row, stage the good ones and note the others in the report.

    Raises what reading the rows raises, such as TableFileError, and what `progress` does.
    """
    reader, waiting = _Reader(registration, report), iter(rows)
    while batch := list(islice(waiting, AT_ONCE)):
        table.write([line for row in batch if (line := reader.take(row))])
        progress(report.rows, report.rejected_rows)
    _find_duplicates(registration, table, report)
    report.column_problems = reader.watch.problems()
    if not report.refused and (shortened := table.shortened_codes()):
        report.column_problems.append(ColumnProblem("code", LOST_ZEROS, 0, shortened))


class _Reader:
    """Takes rows one by one: most of them are plain, the others are read by the rules."""

    def __init__(self, registration: RegistrationSection, report: CheckReport) -> None:
        self.watch = ColumnWatch(registration)
        self._registration = registration
        self._report = report
        self._plain: PlainRows | None = None

    def take(self, row: FileRow) -> str | None:
        """Return a good row as it goes into the staging table; None notes why it does not."""
        self._report.rows += 1
        if row.fault:
            self._report.reject([Rejection(row.number, "", row.fault)])
            return None
        if self._plain is None:
            self._plain = PlainRows(self._registration, row.names)
        plain = self._plain.read(row.names, row.record)
        if plain is not None:
            self.watch.see_plain(code=plain[_CODE], postal_code=plain[_ZIP])
            return plain_line(row.number, plain)
        return self._take_slowly(row)

    def _take_slowly(self, row: FileRow) -> str | None:
        cells = row.cells
        self.watch.see(row.number, cells)
        result = read_row(self._registration, row.number, cells)
        if isinstance(result, RosterRow):
            return staged_line(row.number, staged(result), result.initial_code)
        self._report.reject(result)
        return None


def _find_duplicates(
    registration: RegistrationSection, table: Staging, report: CheckReport
) -> None:
    what = "location" if registration.unit == "location" else "identifier"
    found = [
        Rejection(row, "identifier", f"The same {what} stands in row {first}.")
        for row, first in table.find_duplicates(MOST_KEPT)
    ]
    found += [
        Rejection(row, "code", f"The same code stands in row {first}.")
        for row, first in table.find_duplicate_codes(MOST_KEPT)
    ]
    if not found:
        return
    report.rejected_rows += len({one.row for one in found})
    report.rejections = sorted([*report.rejections, *found], key=lambda one: one.row)[:MOST_KEPT]
