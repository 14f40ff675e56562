"""Importing a roster file at once: checked row by row, then swapped in as a whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from contracts.roster.models import RosterImport
from contracts.roster.services.applying import apply_changes, stage_codes, store_codes
from contracts.roster.services.checking import CheckReport
from contracts.roster.services.filling import stage_file
from contracts.roster.services.index import rebuild_index
from contracts.roster.services.staging import (
    Difference,
    hold_entries,
    hold_rosters,
    staging,
)
from core.audit.recording import record
from core.common.ids import uuid7
from core.common.tables import digest_of
from tenants.context import ActiveContract, require_contract

Progress = Callable[[int], None]


@dataclass
class ImportReport(CheckReport):
    """What came of a file. `applied` is False for a dry run and for a refused file."""

    dry_run: bool = False
    applied: bool = False
    codes_taken_over: int = 0


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """Which file an import was made from, by whom and why, and under which key its changes lie."""

    name: str
    digest: str
    changes: UUID
    by: UUID | None
    reason: str = ""
    goes_back: UUID | None = None


def import_roster(
    *,
    path: Path,
    by: UUID | None,
    at: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Make a file the roster of the contract in hand.

    One transaction: COPY into a staging table, the checks, the difference, the swap, codes that
    providers already have, the shared index, `roster.imported`. A file with a single rejected row
    changes nothing; its refusal is recorded as `roster.refused` and returned in the report. A dry
    run goes the same way, writes nothing and records nothing. `progress` is told the number of rows
    read so far. Raises TableFileError for a file that cannot be read as a roster.
    """
    contract = require_contract()
    facts = FileFacts(name=path.name, digest=digest_of(path), changes=uuid7(), by=by)
    report = ImportReport(dry_run=dry_run)
    with transaction.atomic():
        hold_rosters(contract.id)
        _run(contract, report, path, facts, at=at, progress=progress)
        if report.applied:
            record_import(contract, report, facts, codes=report.codes_taken_over, at=at)
        else:
            transaction.set_rollback(True)
    if report.refused and not dry_run:
        with transaction.atomic():
            record_refusal(contract, report, facts, at=at)
    return report


def _run(
    contract: ActiveContract,
    report: ImportReport,
    path: Path,
    facts: FileFacts,
    *,
    at: datetime,
    progress: Progress | None,
) -> None:
    registration = contract.document.registration
    with staging() as table, path.open("rb") as file:
        stage_file(
            registration,
            file,
            table,
            report,
            lambda rows, _: progress(rows) if progress else None,
        )
        if report.refused:
            return
        hold_entries()
        report.difference = table.compare(facts.changes)
        if report.dry_run:
            return
        stage_codes(facts.changes, table)
    apply_changes(facts.changes, at=at)
    report.codes_taken_over = store_codes(facts.changes, by=facts.by, at=at)
    rebuild_index()
    report.applied = True


def record_import(
    contract: ActiveContract, report: CheckReport, facts: FileFacts, *, codes: int, at: datetime
) -> RosterImport:
    """Keep that a file was swapped in, in the caller's transaction. Records `roster.imported`."""
    change = report.difference or Difference(0, 0, 0)
    imported = _keep(facts, report, change, applied=True, at=at)
    _record("imported", contract, imported, report, facts.by, codes=codes, at=at)
    return imported


def record_refusal(
    contract: ActiveContract, report: CheckReport, facts: FileFacts, *, at: datetime
) -> None:
    """Keep that a file was refused, in the caller's transaction. Records `roster.refused`."""
    imported = _keep(facts, report, Difference(0, 0, 0), applied=False, at=at)
    _record("refused", contract, imported, report, facts.by, codes=0, at=at)


def _keep(
    facts: FileFacts, report: CheckReport, change: Difference, *, applied: bool, at: datetime
) -> RosterImport:
    return RosterImport.objects.create(
        file_name=facts.name[:200],
        file_digest=facts.digest,
        read_at=at,
        read_by=facts.by,
        applied=applied,
        rows=report.rows,
        rejected=report.rejected_rows,
        added=change.added,
        changed=change.changed,
        removed=change.removed,
        changes=facts.changes if applied else None,
        reason=facts.reason,
        goes_back=facts.goes_back,
    )


def _record(
    verb: str,
    contract: ActiveContract,
    imported: RosterImport,
    report: CheckReport,
    by: UUID | None,
    *,
    codes: int,
    at: datetime,
) -> None:
    record(
        f"roster.{verb}",
        contract_id=contract.id,
        actor_id=by,
        subject=("roster_import", imported.id),
        result="ok" if imported.applied else "refused",
        data={
            "rows": imported.rows,
            "rejected": imported.rejected,
            "damaged_columns": [problem.column for problem in report.column_problems],
            "added": imported.added,
            "changed": imported.changed,
            "removed": imported.removed,
            "codes": codes,
            **({"goes_back": str(imported.goes_back)} if imported.goes_back else {}),
        },
        at=at,
    )
