"""Importing a roster file: checked row by row, then swapped in as a whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from contracts.roster.files import read_rows
from contracts.roster.models import RosterEntry, RosterImport
from contracts.roster.rows import RosterRow, read_row
from contracts.roster.services.codes import take_over_codes
from contracts.roster.services.index import rebuild_index
from contracts.roster.services.staging import Difference, Staging, StagingWriter, staging
from contracts.roster.spreadsheets import LOST_ZEROS, ColumnProblem, ColumnWatch
from core.audit.recording import record
from core.common.tables import FileRow, Rejection, digest_of
from tenants.configuration.document import RegistrationSection
from tenants.context import ActiveContract, require_contract

Progress = Callable[[int], None]


@dataclass
class ImportReport:
    """What came of a file. `applied` is False for a dry run and for a refused file."""

    dry_run: bool
    applied: bool = False
    rows: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    column_problems: list[ColumnProblem] = field(default_factory=list)
    difference: Difference | None = None
    codes_taken_over: int = 0

    @property
    def refused(self) -> bool:
        """Whether anything in the file kept it from being taken."""
        return bool(self.rejections or self.column_problems or not self.rows)

    @property
    def rejected_rows(self) -> int:
        """How many rows were rejected, each counted once."""
        return len({rejection.row for rejection in self.rejections})


def import_roster(
    *,
    path: Path,
    by: UUID | None,
    at: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Make a file the roster of the contract in hand.

    One transaction: COPY into a staging table, the checks, the swap, codes that providers already
    have, the shared index, `roster.imported`. A file with a single rejected row changes nothing;
    its refusal is recorded as `roster.refused` and returned in the report. A dry run goes the same
    way, writes nothing and records nothing. `progress` is told the number of rows read so far.
    Raises TableFileError for a file that cannot be read as a roster.
    """
    contract = require_contract()
    digest = digest_of(path)
    report = ImportReport(dry_run=dry_run)
    with transaction.atomic():
        _run(contract, report, path, at=at, by=by, progress=progress)
        if report.applied:
            _record(contract, report, path.name, digest, by=by, at=at)
        else:
            transaction.set_rollback(True)
    if report.refused and not dry_run:
        with transaction.atomic():
            _record(contract, report, path.name, digest, by=by, at=at)
    return report


def _run(
    contract: ActiveContract,
    report: ImportReport,
    path: Path,
    *,
    at: datetime,
    by: UUID | None,
    progress: Progress | None,
) -> None:
    reader = _Reader(contract.document.registration, report)
    with staging(contract.id) as table:
        with table.filling() as writer:
            for count, row in enumerate(read_rows(path, contract.document.registration), start=1):
                reader.take(row, writer)
                if progress:
                    progress(count)
        reader.finish(table)
        if report.refused:
            return
        report.difference = table.difference()
        if not report.dry_run:
            table.swap(at)
            report.codes_taken_over = _take_over(reader.initial_codes, by=by, at=at)
            rebuild_index()
            report.applied = True


class _Reader:
    """Takes rows one by one: checks them, stages the good ones, remembers what spans rows."""

    def __init__(self, registration: RegistrationSection, report: ImportReport) -> None:
        self.initial_codes: dict[str, str] = {}
        self._registration = registration
        self._report = report
        self._watch = ColumnWatch(registration)
        self._row_of_unit: dict[str, int] = {}
        self._row_of_code: dict[str, int] = {}

    def take(self, row: FileRow, writer: StagingWriter) -> None:
        self._report.rows += 1
        if row.fault:
            self._report.rejections.append(Rejection(row.number, "", row.fault))
            return
        self._watch.see(row.number, row.cells)
        result = read_row(self._registration, row.number, row.cells)
        if isinstance(result, RosterRow):
            result = self._duplicates(row.number, result) or result
        if isinstance(result, RosterRow):
            if result.initial_code:
                self.initial_codes[result.unit_key] = result.initial_code
            writer.write(result)
        else:
            self._report.rejections.extend(result)

    def finish(self, table: Staging) -> None:
        self._report.column_problems = self._watch.problems()
        shortened = 0 if self._report.refused else table.shortened_codes()
        if shortened:
            self._report.column_problems.append(ColumnProblem("code", LOST_ZEROS, 0, shortened))

    def _duplicates(self, number: int, row: RosterRow) -> list[Rejection]:
        found = []
        first = self._row_of_unit.setdefault(row.unit_key, number)
        if first != number:
            what = "location" if self._registration.unit == "location" else "identifier"
            found.append(Rejection(number, "identifier", f"The same {what} stands in row {first}."))
        if row.initial_code:
            first = self._row_of_code.setdefault(row.initial_code, number)
            if first != number:
                found.append(Rejection(number, "code", f"The same code stands in row {first}."))
        return found


def _take_over(codes: dict[str, str], *, by: UUID | None, at: datetime) -> int:
    if not codes:
        return 0
    entries = RosterEntry.objects.filter(unit_key__in=list(codes))
    pairs = [(pk, codes[key]) for pk, key in entries.order_by("pk").values_list("pk", "unit_key")]
    return len(take_over_codes(codes=pairs, by=by, at=at))


def _record(
    contract: ActiveContract,
    report: ImportReport,
    file_name: str,
    digest: str,
    *,
    by: UUID | None,
    at: datetime,
) -> None:
    difference = report.difference or Difference(0, 0, 0)
    imported = RosterImport.objects.create(
        file_name=file_name[:200],
        file_digest=digest,
        read_at=at,
        read_by=by,
        applied=report.applied,
        rows=report.rows,
        rejected=report.rejected_rows,
        added=difference.added if report.applied else 0,
        changed=difference.changed if report.applied else 0,
        removed=difference.removed if report.applied else 0,
    )
    record(
        "roster.imported" if report.applied else "roster.refused",
        contract_id=contract.id,
        actor_id=by,
        subject=("roster_import", imported.id),
        result="ok" if report.applied else "refused",
        data={
            "rows": report.rows,
            "rejected": report.rejected_rows,
            "damaged_columns": [problem.column for problem in report.column_problems],
            "added": imported.added,
            "changed": imported.changed,
            "removed": imported.removed,
            "codes": report.codes_taken_over,
        },
        at=at,
    )
