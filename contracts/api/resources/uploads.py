"""Roster files: sent by chunks that go on where they stopped, checked, looked at, swapped in."""

from typing import ClassVar, Final
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from pydantic import Field
from rest_framework.request import Request

from contracts.api.door import answer, answer_page
from contracts.api.inside import InsideView, tell_after
from contracts.api.json_bodies import Body, read_bytes
from contracts.api.paging import page_of
from contracts.api.resources.configuration import Reason
from contracts.api.resources.entries import TAG
from contracts.api.resources.upload_shapes import (
    KINDS,
    LARGEST_CHUNK,
    EntryChange,
    Rejection,
    UploadFacts,
    entry_change,
    upload_facts,
)
from contracts.api.schema import CURSOR, describe, text_parameter
from contracts.api.shapes import Listed
from contracts.roster.models import RosterRejection, RosterUpload
from contracts.roster.services.uploads import (
    ChunkSizeError,
    ManyLeaveError,
    UploadOffsetError,
    UploadOpenError,
    begin_upload,
    cancel_upload,
    confirm_upload,
    find_open_upload,
    take_chunk,
)
from contracts.roster.tasks import work_on_upload
from contracts.roster.uploads.access import access_upload
from contracts.roster.uploads.differences import list_changes
from contracts.roster.uploads.states import UploadState
from core.common.problems import FieldError, Problem
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract

_VIEW, _IMPORT = StaffPermission.ROSTER_VIEW, StaffPermission.ROSTER_IMPORT
BINARY: Final = "application/octet-stream"
_OFFSET: Final = "Upload-Offset"
_MOST: Final = 2**53


class UploadWanted(Body):
    """A file that is going to be sent."""

    file_name: str = Field(min_length=1, max_length=200)
    size: int = Field(ge=1, le=_MOST, description="Bytes.")
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="Of the whole file; compared when it is there, and refused if it differs.",
    )


class SwapWanted(Body):
    """The difference that somebody has looked at, and why it is to be swapped in."""

    reason: Reason
    added: int = Field(ge=0, le=_MOST)
    changed: int = Field(ge=0, le=_MOST)
    removed: int = Field(ge=0, le=_MOST)
    many_may_leave: bool = Field(
        default=False, description="Needed where `many_leave`: that so many entries leave is meant."
    )


class UploadsView(InsideView):
    """`/api/v1/contracts/<slug>/roster/uploads/`"""

    rights: ClassVar = {"GET": _VIEW, "POST": _IMPORT}

    @describe(
        "list_uploads",
        "Roster files, the newest first",
        gives=Listed[UploadFacts],
        tag=TAG,
        query=CURSOR,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return the files of the last ninety days."""
        with self.inside(slug, _VIEW):
            rows = RosterUpload.objects.all()
            page = page_of(self.query(), rows, ("-began_at", "-id"), upload_facts)
            return answer_page(Listed[UploadFacts], page)

    @describe(
        "begin_upload",
        "Begin to send a roster file",
        takes=UploadWanted,
        gives=UploadFacts,
        tag=TAG,
        status=201,
        writes=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Begin a file; its content follows in chunks. A contract takes one file at a time.

        While there is another it is 409, and `upload` names that one.
        """
        with self.inside(slug, _IMPORT) as contract:
            wanted = self.read(UploadWanted)
            return self.once(lambda: self._begin(contract, wanted))

    def _begin(self, contract: ActiveContract, wanted: UploadWanted) -> HttpResponse:
        try:
            made = begin_upload(
                file_name=wanted.file_name,
                size=wanted.size,
                digest=wanted.sha256 or "",
                by=self.staff.user.pk,
                at=self.at,
            )
        except UploadOpenError as error:
            present = find_open_upload()
            more = {"upload": str(present.pk) if present else None}
            raise Problem(409, error.code, error.sentence, more=more) from error
        location = f"/api/v1/contracts/{contract.slug}/roster/uploads/{made.pk}/"
        return answer(upload_facts(made), status=201, headers={"Location": location})


class UploadView(InsideView):
    """`/api/v1/contracts/<slug>/roster/uploads/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_upload", "How far a roster file is", gives=UploadFacts, tag=TAG)
    def get(self, request: Request, slug: str, upload_id: UUID) -> HttpResponse:
        """Return where to go on, what the check found, and what swapping in would change."""
        with self.inside(slug, _VIEW):
            return answer(upload_facts(access_upload(upload_id)))


class ContentView(InsideView):
    """`/api/v1/contracts/<slug>/roster/uploads/<id>/content/`"""

    rights: ClassVar = {"PATCH": _IMPORT}

    @describe(
        "send_chunk",
        "Send the next chunk of a roster file",
        takes={BINARY: OpenApiTypes.BINARY},
        gives=UploadFacts,
        tag=TAG,
        query=[
            OpenApiParameter(
                _OFFSET,
                {"type": "integer", "minimum": 0, "maximum": _MOST},
                OpenApiParameter.HEADER,
                required=True,
                description="Where in the file the chunk begins: `offset` of the upload.",
            )
        ],
    )
    def patch(self, request: Request, slug: str, upload_id: UUID) -> HttpResponse:
        """Store a chunk; after the last one a worker checks the file. Again it changes nothing.

        At another offset than the file stands at it is 409 with the present `offset`.
        """
        with self.inside(slug, _IMPORT):
            found = access_upload(upload_id)
            content = read_bytes(self.raw, BINARY, most=LARGEST_CHUNK)
            done = self._store(found, _offset(request.headers.get(_OFFSET, "")), content)
            if done.state == UploadState.CHECKING:
                tell_after(work_on_upload, done.pk)
            return answer(upload_facts(done))

    def _store(self, found: RosterUpload, offset: int, content: bytes) -> RosterUpload:
        try:
            return take_chunk(upload_id=found.pk, offset=offset, content=content, at=self.at)
        except UploadOffsetError as error:
            raise Problem(
                409,
                error.code,
                error.sentence,
                headers={_OFFSET: str(error.offset)},
                more=error.facts,
            ) from error
        except ChunkSizeError as error:
            raise Problem(422, error.code, error.sentence, more=error.facts) from error


class RejectionsView(InsideView):
    """`/api/v1/contracts/<slug>/roster/uploads/<id>/rejections/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_rejections",
        "Rows of a file that cannot be taken",
        gives=Listed[Rejection],
        tag=TAG,
        query=CURSOR,
    )
    def get(self, request: Request, slug: str, upload_id: UUID) -> HttpResponse:
        """Return row, column and reason, in the order of the file."""
        with self.inside(slug, _VIEW):
            rows = RosterRejection.objects.filter(upload=access_upload(upload_id))
            page = page_of(self.query(), rows, ("row", "id"), Rejection.model_validate)
            return answer_page(Listed[Rejection], page)


class ChangesView(InsideView):
    """`/api/v1/contracts/<slug>/roster/uploads/<id>/changes/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe(
        "list_changes",
        "What a file changes, entry by entry",
        gives=Listed[EntryChange],
        tag=TAG,
        query=[text_parameter("kind", "Only these.", enum=KINDS), *CURSOR],
    )
    def get(self, request: Request, slug: str, upload_id: UUID) -> HttpResponse:
        """Return the changes in the order of the file."""
        with self.inside(slug, _VIEW):
            query, found = self.query("kind"), access_upload(upload_id)
            query.require_known({"kind": KINDS})
            rows = list_changes(found.pk, query.filters.get("kind", ""))
            page = page_of(query, rows, ("id",), entry_change)
            return answer_page(Listed[EntryChange], page)


class SwapView(InsideView):
    """`/api/v1/contracts/<slug>/roster/uploads/<id>/swap/`"""

    rights: ClassVar = {"POST": _IMPORT}

    @describe(
        "swap_upload",
        "Make a checked file the roster",
        takes=SwapWanted,
        gives=UploadFacts,
        tag=TAG,
        status=202,
        writes=True,
    )
    def post(self, request: Request, slug: str, upload_id: UUID) -> HttpResponse:
        """Have a difference swapped in by a worker, if it still is the one with these numbers."""
        with self.inside(slug, _IMPORT):
            found, wanted = access_upload(upload_id), self.read(SwapWanted)
            return self.once(lambda: self._swap(found.pk, wanted))

    def _swap(self, upload_id: UUID, wanted: SwapWanted) -> HttpResponse:
        try:
            done = confirm_upload(
                upload_id=upload_id,
                shown=(wanted.added, wanted.changed, wanted.removed),
                many_may_leave=wanted.many_may_leave,
                by=self.staff.user.pk,
                reason=wanted.reason,
                at=self.at,
            )
        except ManyLeaveError as error:
            errors = [FieldError("/many_may_leave", "Not said.")]
            raise Problem(409, error.code, error.sentence, errors=errors) from error
        tell_after(work_on_upload, done.pk)
        return answer(upload_facts(done), status=202)


class CancelView(InsideView):
    """`/api/v1/contracts/<slug>/roster/uploads/<id>/cancel/`"""

    rights: ClassVar = {"POST": _IMPORT}

    @describe("cancel_upload", "Give a roster file up", gives=UploadFacts, tag=TAG, writes=True)
    def post(self, request: Request, slug: str, upload_id: UUID) -> HttpResponse:
        """Give a file up before it is swapped in. The roster stays as it is."""
        with self.inside(slug, _IMPORT):
            found = access_upload(upload_id)
            return self.once(lambda: self._cancel(found))

    def _cancel(self, found: RosterUpload) -> HttpResponse:
        cancel_upload(upload_id=found.pk, by=self.staff.user.pk, at=self.at)
        found.refresh_from_db()
        return answer(upload_facts(found))


def _offset(given: str) -> int:
    if given.isascii() and given.isdecimal() and len(given) <= 16:
        return int(given)
    said = "The number of bytes before this chunk."
    raise Problem(400, "query_invalid", f"{_OFFSET}: {said}", errors=[FieldError(_OFFSET, said)])
