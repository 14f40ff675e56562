"""The imports of a roster, and the way back to what it was before one of them.

Going back undoes that import and all after it, the newest first, in the staging table; what differs
then from the present roster is a set of changes like any other, shown and swapped in like a file's,
and gone back from in turn. Registration codes are not gone back: what was issued or revoked stays.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, OuterRef, QuerySet, Subquery, When

from contracts.roster.models import RosterChange, RosterImport, RosterUpload
from contracts.roster.services.applying import apply_changes
from contracts.roster.services.checking import CheckReport
from contracts.roster.services.imports import FileFacts, record_import
from contracts.roster.services.index import rebuild_index
from contracts.roster.services.staging import (
    Difference,
    hold_entries,
    hold_rosters,
    staging,
)
from contracts.roster.services.uploads import UploadOpenError, record_upload
from contracts.roster.uploads.states import UploadState
from core.common.errors import DomainError
from core.common.ids import uuid7
from tenants.context import require_contract


class NoWayBackError(DomainError):
    """What the import, or one after it, changed is not kept."""

    code: ClassVar[str] = "roster_no_way_back"
    message: ClassVar[str] = (
        "There is no way back to before this import: what it or a later one changed is not kept "
        "any more."
    )


def list_imports() -> QuerySet[RosterImport]:
    """Return the imports of the contract in hand, taken and refused, the newest first.

    `upload_id` of a refused one leads to its rejected rows, as long as they are kept.
    """
    refused = RosterUpload.objects.filter(
        state=UploadState.REFUSED, ended_at=OuterRef("read_at"), digest=OuterRef("file_digest")
    )
    imports = RosterImport.objects.annotate(
        upload_id=Case(When(applied=False, then=Subquery(refused.values("id")[:1])))
    )
    return imports.order_by("-id")  # time-ordered, and made while others wait


def find_import(key: UUID) -> RosterImport | None:
    """Return an import that was swapped in, or None."""
    return RosterImport.objects.filter(pk=key, applied=True).first()


def way_back(key: UUID) -> list[RosterImport]:
    """Return the imports to undo, the newest first, so that the roster is as before one of them.

    Raises NoWayBackError for one that is not there, was refused, or whose changes are not kept.
    """
    target = find_import(key)
    if target is None:
        raise NoWayBackError("There is no import of this number that was swapped in.")
    later = list(list_imports().filter(applied=True, id__gte=target.id))
    chain = later[: later.index(target) + 1]
    if not all(_is_kept(one) for one in chain):
        raise NoWayBackError
    return chain


def begin_way_back(*, import_id: UUID, by: UUID, at: datetime) -> RosterUpload:
    """Have a worker work out what going back to before an import would change.

    Called by the console for who may import rosters; it is shown and confirmed as a file's
    difference is. Records `roster_upload.begun`. Raises NoWayBackError, and UploadOpenError while a
    file is on its way.
    """
    [*_, target] = way_back(import_id)
    try:
        with transaction.atomic():
            upload = RosterUpload.objects.create(
                file_name=f"Back to before {target.file_name}"[:200],
                size=0,
                goes_back=import_id,
                state=UploadState.CHECKING,
                sent_by=by,
                began_at=at,
                moved_at=at,
            )
            record_upload("begun", upload, by=by, at=at, goes_back=str(import_id))
    except IntegrityError as error:
        raise UploadOpenError from error
    return upload


def compare_former(import_id: UUID, *, changes: UUID) -> tuple[Difference, int]:
    """Write down what going back changes; returns it with the number of entries of before.

    In the caller's transaction. Raises NoWayBackError.
    """
    chain = way_back(import_id)
    with staging() as table:
        table.stage_present()
        for one in chain:
            assert one.changes is not None  # noqa: S101 (way_back)
            table.undo(one.changes)
        return table.compare(changes), table.count()


@transaction.atomic
def go_back(
    *, import_id: UUID, by: UUID | None, reason: str, at: datetime, dry_run: bool = False
) -> RosterImport:
    """Make the roster what it was before an import, at once; a dry run leaves no trace.

    Called by operators (`roster rollback`). Records `roster.imported` with the import that is gone
    back from. Raises NoWayBackError.
    """
    contract = require_contract()
    hold_rosters(contract.id)
    hold_entries()
    [*_, target] = way_back(import_id)
    facts = FileFacts(
        name=f"Back to before {target.file_name}",
        digest="",
        changes=uuid7(),
        by=by,
        reason=reason,
        goes_back=import_id,
    )
    difference, rows = compare_former(import_id, changes=facts.changes)
    apply_changes(facts.changes, at=at)
    rebuild_index()
    report = CheckReport(rows=rows, difference=difference)
    imported = record_import(contract, report, facts, codes=0, at=at)
    if dry_run:
        transaction.set_rollback(True)
    return imported


def _is_kept(one: RosterImport) -> bool:
    if one.changes is None:
        return False
    if not (one.added or one.changed or one.removed):
        return True
    return RosterChange.objects.filter(changes=one.changes).exists()
