"""Roster files in the console: sent, checked, looked at, confirmed or cancelled."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from contracts.roster.files import template
from contracts.roster.models import RosterUpload
from contracts.roster.services.uploads import (
    UploadOpenError,
    begin_upload,
    cancel_upload,
    confirm_upload,
    find_open_upload,
    parts_received,
    take_file,
    take_part,
)
from contracts.roster.tasks import work_on_upload
from contracts.roster.uploads.access import access_upload, roster_page
from contracts.roster.uploads.differences import (
    PER_PAGE,
    change_rows,
    count_kinds,
    count_registered,
    drops_many,
    examples,
    list_changes,
    rejection_rows,
)
from contracts.roster.uploads.files import PART_BYTES, count_parts
from contracts.roster.uploads.forms import BeginForm, ConfirmForm, RosterFileForm
from contracts.roster.uploads.states import AT_WORK, UploadState
from contracts.roster.views.shared import roster_render
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, streamed_sheet
from core.common.tables import sheet_pieces
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.notifications.tasks import tell_workers
from core.staff.access import StaffRequest
from core.staff.contract_access import holds
from core.staff.permissions import StaffPermission
from tenants.context import rebound, require_contract
from tenants.models import Contract

_VIEW, _IMPORT = StaffPermission.ROSTER_VIEW, StaffPermission.ROSTER_IMPORT
_SHOWN_REJECTIONS = 50


@csrf_exempt  # the form's token is asked for once it is known that the body may be read
@get_or_post
@roster_page(_IMPORT)
def upload_new(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Take a roster file in; with script it is sent by parts instead (`begin`)."""
    return _upload_new(request, contract)


@csrf_protect
def _upload_new(request: StaffRequest, contract: Contract) -> HttpResponse:
    form = RosterFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = take_file(
                file=file,
                file_name=str(file.name),
                size=file.size,
                by=request.user.id,
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error("file", error.sentence)
        else:
            tell_workers(work_on_upload, str(upload.id))
            return HttpResponseRedirect(reverse("roster:upload", args=[contract.slug, upload.id]))
    context = {
        "form": form,
        "open": find_open_upload(),
        "part_bytes": PART_BYTES,
        "by_location": _lists_locations(),
    }
    return roster_render(request, "upload_new", contract, context)


@require_POST
@roster_page(_IMPORT)
def begin(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Begin to take a file in by parts; answers the page's script."""
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _told("This file cannot be taken.")
    asked = form.cleaned_data
    try:
        upload = begin_upload(
            file_name=asked["name"], size=asked["size"], by=request.user.id, at=clock.now()
        )
    except UploadOpenError as error:
        found = find_open_upload()
        if found is None or not _is_same(found, asked["name"], asked["size"]):
            return _told(error.sentence, status=409)
        upload = found
    except DomainError as error:
        return _told(error.sentence)
    return JsonResponse(_state(contract, upload))


@get_or_post
@roster_page(_IMPORT)
def parts(request: StaffRequest, contract: Contract, upload_id: UUID) -> HttpResponse:
    """Take one part of a file, or say which are there; answers the page's script."""
    upload = access_upload(upload_id)
    if request.method != "POST":
        return JsonResponse(_state(contract, upload))
    part, number = request.FILES.get("part"), request.POST.get("number", "")
    if part is None or (part.size or 0) > PART_BYTES or not (number.isascii() and number.isdigit()):
        return _told("This is no part of a file.")
    try:
        upload = take_part(
            upload_id=upload.id,
            number=int(number[:9]),
            content=part.read(),
            digest=request.POST.get("digest", ""),
            at=clock.now(),
        )
    except DomainError as error:
        return _told(error.sentence, status=409)
    if upload.state == UploadState.CHECKING:
        tell_workers(work_on_upload, str(upload.id))
    return JsonResponse({"page": _page_of(contract, upload), "state": upload.state})


@get_only
@roster_page(_VIEW)
def upload(request: StaffRequest, contract: Contract, upload_id: UUID) -> HttpResponse:
    """Show how far a file is, why it was refused, or what it would change."""
    found = access_upload(upload_id)
    rejections = found.rejections.order_by("row", "id")[:_SHOWN_REJECTIONS]
    context = {
        **_progress(contract, found),
        "rejections": rejections,
        "kinds": count_kinds(found.id) if found.state == UploadState.READY else (),
        "changes": examples(found.id) if found.state == UploadState.READY else (),
        "registered": count_registered(found),
        "names": names_of([found.sent_by, found.confirmed_by]),
        "may_import": holds(request.staff, _IMPORT, contract),
        "part_bytes": PART_BYTES,
    }
    return roster_render(request, "upload", contract, context)


@get_only
@roster_page(_VIEW)
def progress(request: StaffRequest, contract: Contract, upload_id: UUID) -> HttpResponse:
    """Answer how far a file is, for the page that waits."""
    found = access_upload(upload_id)
    if found.state not in AT_WORK:
        # The rest of the page is another one by now.
        return HttpResponse(status=200, headers={"HX-Refresh": "true"})
    context = {**_progress(contract, found), "contract": contract}
    return render(request, "roster/parts/upload_progress.html", context)


@get_only
@roster_page(_VIEW)
def changes(request: StaffRequest, contract: Contract, upload_id: UUID) -> HttpResponse:
    """List what a file changes, entry by entry."""
    found, kind = access_upload(upload_id), request.GET.get("kind", "")
    page = Paginator(list_changes(found.id, kind), PER_PAGE).get_page(request.GET.get("page", ""))
    context = {
        "upload": found,
        "kinds": count_kinds(found.id),
        "kind": kind,
        "page": page,
        "rows": list(change_rows(page)),
        "query": f"kind={kind}&" if kind.isalpha() else "",
    }
    return roster_render(request, "upload_changes", contract, context)


@get_only
@roster_page(_VIEW)
def rejected(request: StaffRequest, contract: Contract, upload_id: UUID) -> HttpResponse:
    """Give the rejected rows of a file as a file: row, column and reason."""
    found = access_upload(upload_id)
    name = f"{contract.slug}-rejected-{localtime(found.began_at):%Y-%m-%d}.csv"
    return streamed_sheet(name, rebound(sheet_pieces(rejection_rows(found))))


@get_or_post
@keeps_typed(fields_named("reason"))
@roster_page(_IMPORT)
def confirm(request: StaffRequest, contract: Contract, upload_id: UUID) -> HttpResponse:
    """Ask whether the difference is to be swapped in, and have it done."""
    found = access_upload(upload_id)
    here = _page_of(contract, found)
    if found.state != UploadState.READY:
        return HttpResponseRedirect(here)  # where it says what became of it
    if not is_fresh(request, request.staff.user, at=clock.now()):
        return to_confirmation(request)
    typed = take_typed(request)
    many = drops_many(found, require_contract().document)
    shown = {"added": found.added, "changed": found.changed, "removed": found.removed}
    form = ConfirmForm(request.POST or None, initial={**typed, **shown}, asks_number=many)
    if request.method == "POST" and form.is_valid():
        try:
            confirm_upload(
                upload_id=found.id,
                shown=form.shown(),
                many_may_leave=many,  # the form has asked for their number then
                by=request.user.id,
                reason=form.cleaned_data["reason"],
                at=clock.now(),
            )
        except DomainError as error:
            messages.warning(request, error.sentence)
        else:
            tell_workers(work_on_upload, str(found.id))
        return HttpResponseRedirect(here)
    context = {"upload": found, "form": form, "many": many, "typed_is_back": bool(typed)}
    return roster_render(request, "upload_confirm", contract, context)


@require_POST
@roster_page(_IMPORT)
def cancel(request: StaffRequest, contract: Contract, upload_id: UUID) -> HttpResponse:
    """Give a file up."""
    found = access_upload(upload_id)
    try:
        cancel_upload(upload_id=found.id, by=request.user.id, at=clock.now())
    except DomainError as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(request, f"{found.file_name} is cancelled. Nothing was changed.")
    return HttpResponseRedirect(_page_of(contract, found))


@get_only
@roster_page(_VIEW)
def empty_file(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Give a file with all columns and an example for each case of the contract's rule."""
    document = require_contract().document
    text = template(document.registration, state=document.contract.state)
    return streamed_sheet(f"{contract.slug}-roster.csv", iter(["\ufeff", text]))


def _progress(contract: Contract, found: RosterUpload) -> dict[str, object]:
    return {
        "upload": found,
        "works": found.state in AT_WORK,
        "total_parts": count_parts(found.size),
        "end_days": require_contract().document.groups.roster_end_days,
        "many": drops_many(found, require_contract().document),
        "percent_most": require_contract().document.groups.roster_drop_percent,
        "by_location": _lists_locations(),
    }


def _lists_locations() -> bool:
    return require_contract().document.registration.unit == "location"


def _state(contract: Contract, upload: RosterUpload) -> dict[str, object]:
    there = {str(number): digest for number, digest in parts_received(upload).items()}
    return {
        "parts": reverse("roster:parts", args=[contract.slug, upload.id]),
        "page": _page_of(contract, upload),
        "state": upload.state,
        "there": there,
        "size": upload.size,
        "name": upload.file_name,
    }


def _is_same(upload: RosterUpload, name: str, size: int) -> bool:
    """Tell whether a browser goes on with the file that it had begun."""
    same = (upload.file_name, upload.size) == (name, size)
    return same and upload.state == UploadState.RECEIVING


def _page_of(contract: Contract, upload: RosterUpload) -> str:
    return reverse("roster:upload", args=[contract.slug, upload.id])


def _told(sentence: str, *, status: int = 400) -> JsonResponse:
    return JsonResponse({"problem": sentence}, status=status)
