"""What staff do with a roster file: send it by parts, cancel it, confirm what it would change."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import BinaryIO, ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum

from contracts.roster.models import RosterUpload
from contracts.roster.uploads.differences import drops_many
from contracts.roster.uploads.files import (
    PART_BYTES,
    count_parts,
    largest_file,
    part_size,
    sealed_part,
)
from contracts.roster.uploads.states import (
    OPEN,
    UploadState,
    UploadStateError,
    sources_of,
)
from core.audit.recording import record
from core.common.crypto import constant_time_equal
from core.common.errors import DomainError
from core.common.http import row_or_404
from tenants.context import require_contract


class UploadOpenError(DomainError):
    """Another file of this contract is on its way."""

    code: ClassVar[str] = "roster_upload_open"
    message: ClassVar[str] = (
        "Another roster file of this contract is on its way. Finish or cancel that one first."
    )


class UploadRefusedError(DomainError):
    """The file, or the piece of it, is not taken; the sentence says why."""

    code: ClassVar[str] = "roster_upload_refused"
    message: ClassVar[str] = "This file cannot be taken."


class ManyLeaveError(DomainError):
    """So many entries would leave that somebody has to say that it is meant."""

    code: ClassVar[str] = "many_leave"

    def __init__(self, upload: RosterUpload) -> None:
        super().__init__(f"{upload.removed:,} entries leave the roster. Say that it is meant.")


class OtherDifferenceError(DomainError):
    """The file does not do what was confirmed; `facts` has the numbers as they are."""

    code: ClassVar[str] = "roster_upload_differs"

    def __init__(self, upload: RosterUpload) -> None:
        numbers = {name: getattr(upload, name) for name in ("added", "changed", "removed")}
        super().__init__(
            f"What was confirmed is not what this file does now: {upload.added:,} entries come, "
            f"{upload.changed:,} change and {upload.removed:,} leave. Look at it again.",
            facts=numbers,
        )


class UploadOffsetError(DomainError):
    """A chunk does not begin where the file stands; `offset` says where that is."""

    code: ClassVar[str] = "upload_offset"

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(
            f"The file stands at byte {offset}. Go on from there.", facts={"offset": offset}
        )


class ChunkSizeError(DomainError):
    """A chunk is empty, ends within a piece, or goes beyond the end of its file."""

    code: ClassVar[str] = "chunk_size"

    def __init__(self, sentence: str, upload: RosterUpload) -> None:
        super().__init__(sentence, facts={"chunk_unit": PART_BYTES, "size": upload.size})


def begin_upload(
    *, file_name: str, size: int, by: UUID, at: datetime, digest: str = ""
) -> RosterUpload:
    """Begin to take in a roster file of the contract in hand; its parts follow.

    Called by the console and the API for who may import rosters. `digest` is the SHA-256 that the
    file is to have, where the sender says it: another file is refused when it is checked. Records
    `roster_upload.begun`. Raises
    UploadRefusedError for an empty or too large file, and UploadOpenError while there is another:
    of two that begin at once the database lets one in.
    """
    if size <= 0:
        raise UploadRefusedError("The file is empty.")
    if size > largest_file():
        raise UploadRefusedError(f"A roster file has {largest_file() // 1_000_000:,} MB at most.")
    try:
        with transaction.atomic():
            upload = RosterUpload.objects.create(
                file_name=file_name[-200:] or "roster.csv",
                size=size,
                digest=digest,
                state=UploadState.RECEIVING,
                sent_by=by,
                began_at=at,
                moved_at=at,
            )
            record_upload("begun", upload, by=by, at=at, size=size)
    except IntegrityError as error:
        raise UploadOpenError from error
    return upload


@transaction.atomic
def take_part(
    *, upload_id: UUID, number: int, content: bytes, digest: str = "", at: datetime
) -> RosterUpload:
    """Store one piece; the last one that was missing sends the file on to be checked.

    Called by the page that sends a file, in any order and again after a broken connection: a piece
    that is there stays. `digest` is the SHA-256 that the browser reckoned, where it can. Raises
    UploadRefusedError for a piece that is not one of this file, and UploadStateError when nobody
    waits for it any more. The caller tells the workers when the state says so.
    """
    upload = _hold(upload_id, UploadState.RECEIVING)
    known = upload.parts.filter(number=number).values_list("digest", flat=True).first()
    found = hashlib.sha256(content).hexdigest()
    if digest and not constant_time_equal(digest, found):
        raise UploadRefusedError("A part of the file was damaged on the way. It is sent again.")
    if known not in {None, found}:
        raise UploadRefusedError("This is another file than the one that was begun.")
    if number >= count_parts(upload.size) or len(content) != part_size(upload.size, number):
        raise UploadRefusedError("This is no part of the file that was begun.")
    if known is None:
        sealed_part(upload, number, content).save(force_insert=True)
    received = upload.parts.aggregate(sum=Sum("size"))["sum"]
    if received == upload.size:
        _send_on(upload, at=at)
    else:
        upload.bytes_done, upload.moved_at = received, at
        upload.save(update_fields=["bytes_done", "moved_at"])
    return upload


@transaction.atomic
def take_chunk(*, upload_id: UUID, offset: int, content: bytes, at: datetime) -> RosterUpload:
    """Store a chunk of a file: whole pieces, from where the file stands.

    Called by the API. A chunk that is there already changes nothing, also after the last one: its
    answer may have been lost. Of two at one offset one is stored. Raises UploadStateError when
    nobody waits for it any more, UploadOffsetError for another offset, and ChunkSizeError for a
    chunk of a length that none has. The caller tells the workers when the state says so.
    """
    upload = _hold(upload_id, *UploadState)
    first, there = offset // PART_BYTES, parts_received(upload)
    pieces = [content[place : place + PART_BYTES] for place in range(0, len(content), PART_BYTES)]
    if not offset % PART_BYTES and _are_there(pieces, first, there):
        return upload
    if upload.state != UploadState.RECEIVING:
        raise UploadStateError(UploadState(upload.state))
    if offset != (present := _in_a_row(upload, there)):
        raise UploadOffsetError(present)
    _refuse_length(upload, len(content), end=offset + len(content))
    for number, piece in enumerate(pieces, start=first):
        upload = take_part(upload_id=upload_id, number=number, content=piece, at=at)
    return upload


def offset_of(upload: RosterUpload) -> int | None:
    """Return how many bytes are there without a gap; None when nobody waits for more."""
    if upload.state != UploadState.RECEIVING:
        return None
    return _in_a_row(upload, parts_received(upload)) if upload.bytes_done else 0


@transaction.atomic
def take_file(*, file: BinaryIO, file_name: str, size: int, by: UUID, at: datetime) -> RosterUpload:
    """Store a file that came in one request, piece by piece, and send it on to be checked.

    Raises what `begin_upload` does. The caller tells the workers.
    """
    upload = begin_upload(file_name=file_name, size=size, by=by, at=at)
    for number in range(count_parts(size)):
        content = file.read(PART_BYTES)
        sealed_part(upload, number, content).save(force_insert=True)
    _send_on(upload, at=at)
    return upload


def parts_received(upload: RosterUpload) -> dict[int, str]:
    """Return the pieces that are there, by number, with the digest of each."""
    return dict(upload.parts.order_by("number").values_list("number", "digest"))


@transaction.atomic
def cancel_upload(*, upload_id: UUID, by: UUID | None, at: datetime) -> None:
    """Give a file up; a worker that reads it stops. Records `roster_upload.cancelled`.

    Called by the console, and by the purge for files that nobody went on with. Raises
    UploadStateError when it is being swapped in, or over.
    """
    upload = _hold(upload_id, *sources_of(UploadState.CANCELLED))
    upload.state, upload.ended_at = UploadState.CANCELLED, at
    upload.lease = upload.leased_until = None
    upload.save(update_fields=["state", "ended_at", "lease", "leased_until"])
    record_upload("cancelled", upload, by=by, at=at)


@transaction.atomic
def confirm_upload(
    *,
    upload_id: UUID,
    shown: tuple[int, int, int],
    many_may_leave: bool,
    by: UUID,
    reason: str,
    at: datetime,
) -> RosterUpload:
    """Have the difference that somebody saw swapped in by a worker.

    Called by the console after a fresh sign-in, and by the API. `shown` are the numbers added,
    changed and removed that were seen: another difference is not confirmed by them.
    `many_may_leave` says that it is meant where more leave than the contract takes without asking.
    Records `roster_upload.confirmed`. Raises UploadStateError, OtherDifferenceError and
    ManyLeaveError. The caller tells the workers.
    """
    upload = _hold(upload_id, UploadState.READY)
    if shown != (upload.added, upload.changed, upload.removed):
        raise OtherDifferenceError(upload)
    if not many_may_leave and drops_many(upload, require_contract().document):
        raise ManyLeaveError(upload)
    upload.state, upload.confirmed_by, upload.reason = UploadState.SWAPPING, by, reason
    upload.moved_at, upload.runs, upload.made_again = at, 0, False
    upload.save(update_fields=["state", "confirmed_by", "reason", "moved_at", "runs", "made_again"])
    record_upload("confirmed", upload, by=by, at=at, removed=upload.removed)
    return upload


def find_open_upload() -> RosterUpload | None:
    """Return the file of the contract in hand that is on its way, if there is one."""
    return RosterUpload.objects.filter(state__in=OPEN).first()


def _refuse_length(upload: RosterUpload, length: int, *, end: int) -> None:
    if not length:
        raise ChunkSizeError("The chunk is empty.", upload)
    if end > upload.size:
        said = f"The file was begun with {upload.size:,} bytes; this chunk would end at {end:,}."
        raise ChunkSizeError(said, upload)
    if length % PART_BYTES and end != upload.size:
        said = f"A chunk has a multiple of {PART_BYTES:,} bytes, unless it is the last one."
        raise ChunkSizeError(said, upload)


def _are_there(pieces: Sequence[bytes], first: int, there: Mapping[int, str]) -> bool:
    return bool(pieces) and all(
        constant_time_equal(there.get(number, ""), hashlib.sha256(piece).hexdigest())
        for number, piece in enumerate(pieces, start=first)
    )


def _in_a_row(upload: RosterUpload, there: Mapping[int, str]) -> int:
    whole = next(number for number in count() if number not in there)
    return min(whole * PART_BYTES, upload.size)


def _send_on(upload: RosterUpload, *, at: datetime) -> None:
    upload.state, upload.moved_at, upload.bytes_done = UploadState.CHECKING, at, 0
    upload.save(update_fields=["state", "moved_at", "bytes_done"])


def _hold(upload_id: UUID, *states: UploadState) -> RosterUpload:
    """Return an upload, locked until the transaction ends. Raises UploadStateError, Http404."""
    found = row_or_404(RosterUpload.objects.select_for_update(), upload_id)
    state = UploadState(found.state)
    if state not in states:
        raise UploadStateError(state)
    return found


def record_upload(
    verb: str, upload: RosterUpload, *, by: UUID | None, at: datetime, **data: object
) -> None:
    """Record what happened with an upload, in the caller's transaction."""
    record(
        f"roster_upload.{verb}",
        contract_id=require_contract().id,
        actor_id=by,
        subject=("roster_upload", upload.id),
        data=data,
        at=at,
    )
