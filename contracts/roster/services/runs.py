"""The worker's part of an upload: check the file and make its difference, or swap it in.

Either is one transaction that asks for the lease at its end: killed anywhere, it leaves the old
state, and the next worker begins again from the stored file.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from contracts.roster.models import (
    RosterChange,
    RosterRejection,
    RosterUpload,
    StagedCode,
)
from contracts.roster.services.applying import apply_changes, stage_codes, store_codes
from contracts.roster.services.checking import CheckReport
from contracts.roster.services.filling import stage_file
from contracts.roster.services.history import compare_former
from contracts.roster.services.imports import FileFacts, record_import, record_refusal
from contracts.roster.services.index import rebuild_index
from contracts.roster.services.staging import (
    Difference,
    count_changes,
    count_present,
    hold_entries,
    hold_rosters,
    roster_mark,
    staging,
)
from contracts.roster.uploads.files import StoredFile, opened
from contracts.roster.uploads.leases import (
    MOST_RUNS,
    Clock,
    Lease,
    LeaseLostError,
    take_lease,
)
from contracts.roster.uploads.states import UploadState
from core.common.crypto import constant_time_equal
from core.common.errors import DomainError
from core.common.tables import Rejection
from tenants.configuration.revisions import find_contract_revision
from tenants.context import ActiveContract, require_contract

_AT_ONCE: Final = 2_000
_GIVEN_UP: Final = (
    "The work on this file ended several times before it was done. Nothing was changed. Ask the "
    "people who run the portal to look at its workers."
)
_ANOTHER: Final = (
    "Another file has arrived than was announced: its SHA-256 differs. Nothing was changed. Send "
    "it again."
)


def run_upload(*, upload_id: UUID, clock: Clock) -> bool:
    """Do what an upload of the contract in hand waits for; tells whether it waits for more.

    Called by the workers. Nothing is done while another worker has it. Records `roster.refused` or
    `roster.imported`.
    """
    upload = take_lease(upload_id, clock=clock)
    if upload is None:
        return False
    run = _Run(require_contract(), upload, clock)
    try:
        with Lease(upload, clock=clock) as lease:
            if upload.runs > MOST_RUNS:
                run.give_up(lease)
                return False
            if upload.state == UploadState.SWAPPING:
                return not run.swap(lease)
            run.check(lease)
    except LeaseLostError:
        pass
    return False


@dataclass(frozen=True)
class _Run:
    """One worker's turn at one upload."""

    contract: ActiveContract
    upload: RosterUpload
    clock: Clock

    def check(self, lease: Lease) -> None:
        """Read the file; make its difference, or say why it cannot be taken."""
        stored, report, problem = StoredFile(self.upload), CheckReport(), ""
        with transaction.atomic():
            _forget_former(self.upload)
            base = roster_mark()
            try:
                self._compare(report, stored, lease)
            except DomainError as error:
                problem = error.sentence
            if self._is_another(stored):
                problem = _ANOTHER
            refused = bool(problem) or (report.refused and self.upload.goes_back is None)
            if refused:
                transaction.set_rollback(True)
            else:
                self._make_ready(report, stored, lease, base)
        if refused:
            problem = problem or ("" if report.rows else "The file has a header and no row.")
            digest = stored.digest_of_all()
            self._refuse(report, lease, problem, digest=digest, read=self.upload.size)

    @transaction.atomic
    def swap(self, lease: Lease) -> bool:
        """Put the difference in place; False where it has to be made again."""
        hold_rosters(self.contract.id)
        hold_entries()
        if not self._still_stands():
            _move(lease, UploadState.CHECKING, runs=0, bytes_done=0, made_again=True)
            return False
        at, facts = self.clock(), self._facts(self.upload.digest)
        apply_changes(self.upload.id, at=at)
        codes = store_codes(self.upload.id, by=facts.by, at=at)
        rebuild_index()
        report = CheckReport(rows=self.upload.rows, difference=count_changes(self.upload.id))
        record_import(self.contract, report, facts, codes=codes, at=at)
        _move(lease, UploadState.APPLIED, ended_at=at)
        return True

    def give_up(self, lease: Lease) -> None:
        """End an upload over which workers are lost again and again."""
        upload = self.upload
        report, read = CheckReport(rows=upload.rows), upload.bytes_done
        self._refuse(report, lease, _GIVEN_UP, digest=upload.digest, read=read)

    def _is_another(self, stored: StoredFile) -> bool:
        """Tell whether the file is not the one that its sender announced, or that was checked."""
        announced = self.upload.digest
        return bool(announced) and not constant_time_equal(announced, stored.digest_of_all())

    def _still_stands(self) -> bool:
        """Tell whether roster and rule are those that the difference was made of."""
        in_force = find_contract_revision(self.contract.slug)
        same_rule = in_force is not None and in_force.number == self.upload.revision
        return same_rule and roster_mark() == self.upload.base

    def _compare(self, report: CheckReport, stored: StoredFile, lease: Lease) -> None:
        if self.upload.goes_back is not None:
            report.difference, report.rows = compare_former(
                self.upload.goes_back, changes=self.upload.id
            )
            return
        registration = self.contract.document.registration
        with staging() as table:

            def tell(done: int, rejected: int) -> None:
                lease.tell(done, rejected, stored.bytes_read)

            stage_file(registration, opened(stored), table, report, tell)
            if not report.refused:
                report.difference = table.compare(self.upload.id)
                stage_codes(self.upload.id, table)

    def _make_ready(self, report: CheckReport, stored: StoredFile, lease: Lease, base: str) -> None:
        change = report.difference or Difference(0, 0, 0)
        _move(
            lease,
            UploadState.READY,
            **asdict(change),
            rows=report.rows,
            bytes_done=self.upload.size,
            rejected=0,
            digest=stored.digest_of_all(),
            base=base,
            revision=self.contract.revision,
            present=count_present(),
            moved_at=self.clock(),
        )

    @transaction.atomic
    def _refuse(
        self, report: CheckReport, lease: Lease, problem: str, *, digest: str, read: int
    ) -> None:
        at = self.clock()
        _keep_rejections(self.upload, report.rejections)
        record_refusal(self.contract, report, self._facts(digest), at=at)
        _move(
            lease,
            UploadState.REFUSED,
            rows=report.rows,
            bytes_done=read,
            rejected=report.rejected_rows,
            column_problems=[asdict(one) for one in report.column_problems],
            problem=problem[:1000],
            digest=digest,
            confirmed_by=None,
            ended_at=at,
        )

    def _facts(self, digest: str) -> FileFacts:
        by = self.upload.confirmed_by or self.upload.sent_by
        name, reason = self.upload.file_name, self.upload.reason
        return FileFacts(
            name=name,
            digest=digest,
            changes=self.upload.id,
            by=by,
            reason=reason,
            goes_back=self.upload.goes_back,
        )


def _move(lease: Lease, state: UploadState, **fields: Any) -> None:
    """Take the upload on, if it is still ours. Raises LeaseLostError, which undoes the rest."""
    free = {"lease": None, "leased_until": None}
    if not lease.mine().update(state=state, **free, **fields):
        raise LeaseLostError


def _forget_former(upload: RosterUpload) -> None:
    """Delete what an earlier check of the same file has left."""
    RosterChange.objects.filter(changes=upload.id).delete()
    StagedCode.objects.filter(changes=upload.id).delete()


def _keep_rejections(upload: RosterUpload, rejections: Sequence[Rejection]) -> None:
    rows = (
        RosterRejection(upload=upload, row=one.row, column=one.column[:40], reason=one.reason[:300])
        for one in rejections
    )
    while batch := list(islice(rows, _AT_ONCE)):
        RosterRejection.objects.bulk_create(batch)
