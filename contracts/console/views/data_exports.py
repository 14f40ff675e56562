"""A contract's data as a file: asked for, looked at while it is made, downloaded, deleted."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from contracts.console.models import DataExport, ExportState
from contracts.console.services.data_exports import (
    ask_export,
    delete_export,
    download_export,
    ends_at,
    is_over,
    list_exports,
)
from contracts.console.tasks import make_data_export
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, row_or_404
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.notifications.tasks import tell_workers
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract
from core.staff.contract_pages import contract_page
from core.staff.forms import ReasonForm
from core.staff.permissions import StaffPermission
from tenants.models import Contract
from tenants.states import ContractState

_PROVISION = StaffPermission.CONTRACTS_PROVISION
_REASON = fields_named("reason")


@get_or_post
@keeps_typed(_REASON)
@staff_page(_PROVISION)
def data_exports(request: StaffRequest, slug: str) -> HttpResponse:
    """List the exports of a contract; with a reason, have another one made."""
    found, at = access_contract(request.staff, slug, _PROVISION), clock.now()
    if request.method == "POST" and not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed or None)
    if request.method == "POST" and form.is_valid() and (made := _ask(request, found, form)):
        return HttpResponseRedirect(reverse("console:data_export", args=[slug, made.pk]))
    made_before = list(list_exports(found.pk)[:50])
    context = {
        "exports": [(one, ends_at(one)) for one in made_before],
        "names": names_of(one.asked_by for one in made_before),
        "is_at_work": any(one.state == ExportState.WORKING for one in made_before),
        "has_data": found.state != ContractState.PROVISIONING,
        "form": form,
        "typed_is_back": bool(typed),
    }
    return contract_page(request, "console/data_exports/list.html", found, "state", context)


@get_or_post
@keeps_typed(_REASON)
@staff_page(_PROVISION)
def data_export(request: StaffRequest, slug: str, export_id: UUID) -> HttpResponse:
    """Show how far an export is; with a reason, hand its file over."""
    found, at = access_contract(request.staff, slug, _PROVISION), clock.now()
    export = row_or_404(list_exports(found.pk), export_id)
    if request.method == "POST" and not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed or None)
    if request.method == "POST" and form.is_valid():
        try:
            export, pieces = download_export(
                export=export, reason=form.cleaned_data["reason"], by=request.user.id, at=at
            )
        except DomainError as error:
            form.add_error(None, error.sentence)
        else:
            return _file(found, export, pieces)
    context = {**_shown(export), "form": form, "typed_is_back": bool(typed)}
    return contract_page(request, "console/data_exports/one.html", found, "state", context)


@get_only
@staff_page(_PROVISION)
def data_export_progress(request: StaffRequest, slug: str, export_id: UUID) -> HttpResponse:
    """Answer how far it is, for the page that waits; once it is over the whole page is another."""
    found = access_contract(request.staff, slug, _PROVISION)
    export = row_or_404(list_exports(found.pk), export_id)
    if export.state != ExportState.WORKING:
        return HttpResponseClientRefresh()
    context = {"contract": found, **_shown(export)}
    return render(request, "console/data_exports/parts/progress.html", context)


@staff_page(_PROVISION)
@require_POST
def data_export_delete(request: StaffRequest, slug: str, export_id: UUID) -> HttpResponse:
    """Delete a file, or stop making it."""
    found = access_contract(request.staff, slug, _PROVISION)
    export = row_or_404(list_exports(found.pk), export_id)
    if delete_export(export=export, by=request.user.id, at=clock.now()):
        messages.success(request, "It is deleted.")
    else:
        messages.warning(request, "It was deleted already.")
    return HttpResponseRedirect(reverse("console:data_exports", args=[slug]))


def _ask(request: StaffRequest, contract: Contract, form: ReasonForm) -> DataExport | None:
    """Ask for it, or say at the form why it is not made."""
    try:
        made = ask_export(
            contract_id=contract.pk,
            reason=form.cleaned_data["reason"],
            by=request.user.id,
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error(None, error.sentence)
        return None
    tell_workers(make_data_export, str(made.pk))
    return made


def _shown(export: DataExport) -> dict[str, object]:
    at = clock.now()
    return {
        "export": export,
        "is_working": export.state == ExportState.WORKING,
        "is_ready": export.state == ExportState.READY and not is_over(export, at),
        "ends_at": ends_at(export),
        "names": names_of([export.asked_by]),
    }


def _file(contract: Contract, export: DataExport, pieces: Iterable[bytes]) -> HttpResponse:
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    day = f"{localtime(export.asked_at):%Y-%m-%d}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{contract.slug}-data-{day}.zip"'
    answer.headers["Content-Length"] = str(export.size)
    # Both kinds of response go through the same doors, which are typed by the usual one.
    return cast("HttpResponse", answer)
