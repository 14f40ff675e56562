"""A contract's data as a file: asked for on a page, made by a worker, kept for three days."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import IO, ClassVar, Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from contracts.console.data.sealing import ExportLostError, SealedFile, read_pieces
from contracts.console.data.writing import contract_with_data, record_export, write_archive
from contracts.console.models import DataExport, ExportState
from contracts.console.services.lifecycle import hold_contract
from core.audit.recording import record
from core.common.errors import DomainError

KEPT: Final = timedelta(hours=72)
"""Own figure: long enough to fetch it after a weekend, short for a file that holds everything."""
STANDS_STILL: Final = timedelta(minutes=10)
"""Own figure: a table of a million rows is read in less; a worker silent for longer is lost."""
MOST_RUNS: Final = 3
_OPEN: Final = (ExportState.WORKING, ExportState.READY)

Clock = Callable[[], datetime]


class ExportAtWorkError(DomainError):
    """Another export of the contract is being made."""

    code: ClassVar[str] = "data_export_at_work"
    message: ClassVar[str] = "The data of this contract is being exported already. Wait for it."


class NothingToDownloadError(DomainError):
    """The file is not ready, or not there any more."""

    code: ClassVar[str] = "data_export_not_there"
    message: ClassVar[str] = "This file is not there, or not any more. Export the data anew."


@transaction.atomic
def ask_export(*, contract_id: UUID, reason: str, by: UUID, at: datetime) -> DataExport:
    """Have a worker write all data of a contract into a file; the caller tells one.

    Called by operators after a fresh sign-in. Records `contract_data.export_asked`, and
    `contract_data.exported` when it is made. Raises NoDataError and ExportAtWorkError.
    """
    contract = hold_contract(contract_id)
    contract_with_data(contract.slug)
    if list_exports(contract_id).filter(state=ExportState.WORKING).exists():
        raise ExportAtWorkError
    export = DataExport.objects.create(
        contract=contract, reason=reason, asked_by=by, asked_at=at, moved_at=at
    )
    _record("export_asked", export, by=by, at=at, reason=reason)
    return export


def make_export(*, export_id: UUID, clock: Clock) -> bool:
    """Write the file of an export, from its beginning; tells whether it is ready then.

    Called by the workers, outside a transaction. One that another worker has in hand is left to
    it, and what a lost one has written is written anew. Memory holds one piece. What fails for a
    fault of ours is raised, and tried again at the next look; after `MOST_RUNS` it is given up.
    """
    export = _take_up(export_id, at=clock())
    if export is None:
        return False
    slug = export.contract.slug
    try:
        with SealedFile(export, clock=clock) as out:
            at = clock()
            manifest = write_archive(
                contract=contract_with_data(slug),
                out=cast("IO[bytes]", out),
                at=at,
                progress=out.tell_table,
            )
            out.finish(
                lambda: record_export(
                    export.contract_id,
                    manifest,
                    by=export.asked_by,
                    at=clock(),
                    export=str(export.pk),
                )
            )
    except ExportLostError:
        return False
    except Exception:
        # Not only after the time that a silent worker gets: this one has spoken.
        mine = DataExport.objects.filter(pk=export.pk, runs=export.runs)
        mine.filter(state=ExportState.WORKING).update(moved_at=clock() - STANDS_STILL)
        raise
    return True


@transaction.atomic
def download_export(
    *, export: DataExport, reason: str, by: UUID, at: datetime
) -> tuple[DataExport, Iterator[bytes]]:
    """Return the export as it is now and its file, piece by piece.

    Called by operators after a fresh sign-in, as often as they need it. Records
    `contract_data.downloaded` with the reason. Raises NothingToDownloadError.
    """
    found = DataExport.objects.select_for_update().filter(pk=export.pk).first()
    if found is None or found.state != ExportState.READY or is_over(found, at):
        raise NothingToDownloadError
    _record("downloaded", found, by=by, at=at, reason=reason, sha256=found.sha256)
    return found, read_pieces(found)


@transaction.atomic
def delete_export(*, export: DataExport, by: UUID, at: datetime) -> bool:
    """Delete a file, or stop making it; tells whether there was anything to delete.

    Called by operators. Records `contract_data.export_deleted`.
    """
    found = DataExport.objects.select_for_update().filter(pk=export.pk, state__in=_OPEN).first()
    if found is None:
        return False
    _end(found, ExportState.DELETED, at=at)
    _record("export_deleted", found, by=by, at=at)
    return True


def list_exports(contract_id: UUID) -> QuerySet[DataExport]:
    """Return the exports of a contract, the newest first."""
    return DataExport.objects.filter(contract=contract_id)


def list_exports_standing_still(*, at: datetime) -> QuerySet[DataExport]:
    """Return the exports whose worker was lost, or who never got one."""
    return DataExport.objects.filter(state=ExportState.WORKING, moved_at__lte=at - STANDS_STILL)


def purge_exports(*, at: datetime) -> int:
    """Delete the files whose time is over; returns how many. Called hourly."""
    over = DataExport.objects.filter(state=ExportState.READY, ready_at__lte=at - KEPT)
    done = 0
    for key in over.values_list("pk", flat=True):
        with transaction.atomic():
            found = DataExport.objects.select_for_update().get(pk=key)
            if found.state == ExportState.READY:
                _end(found, ExportState.EXPIRED, at=at)
                done += 1
    return done


def is_over(export: DataExport, at: datetime) -> bool:
    """Tell whether nobody gets a file any more, deleted or not."""
    return export.ready_at is None or export.ready_at + KEPT <= at


def ends_at(export: DataExport) -> datetime | None:
    """Return until when a file can be downloaded."""
    return export.ready_at + KEPT if export.ready_at else None


@transaction.atomic
def _take_up(export_id: UUID, *, at: datetime) -> DataExport | None:
    """Take an export that waits for a worker. After `MOST_RUNS` lost ones it is given up."""
    # What another worker has in hand is not even locked: that one takes a lock for its end.
    waits = Q(runs=0) | Q(moved_at__lte=at - STANDS_STILL)
    working = DataExport.objects.filter(waits, pk=export_id, state=ExportState.WORKING)
    found = working.select_for_update().first()
    if found is None:
        return None
    if found.runs >= MOST_RUNS:
        _end(found, ExportState.FAILED, at=at)
        _record("export_failed", found, by=None, at=at)
        return None
    found.pieces.all().delete()
    begun = {"runs": F("runs") + 1, "moved_at": at, "tables": 0, "rows": 0, "size": 0}
    DataExport.objects.filter(pk=found.pk).update(**begun)
    return DataExport.objects.select_related("contract").get(pk=found.pk)


def _end(export: DataExport, state: ExportState, *, at: datetime) -> None:
    export.pieces.all().delete()
    export.state, export.ended_at = state, at
    export.save(update_fields=["state", "ended_at"])


def _record(what: str, export: DataExport, *, by: UUID | None, at: datetime, **data: str) -> None:
    record(
        f"contract_data.{what}",
        contract_id=export.contract_id,
        actor_id=by,
        subject=("contract", export.contract_id),
        data={"export": str(export.pk), **data},
        at=at,
    )
