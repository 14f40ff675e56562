"""The pages of the audit trail."""

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime

from contracts.console.audit.exporting import event_pieces, record_export
from contracts.console.audit.forms import FIELDS, AuditExportForm, AuditSearchForm
from contracts.console.audit.searching import EventPage, page_of_events
from contracts.console.selectors import contract_names
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.audit.places import Place
from core.common import clock
from core.common.http import get_only, get_or_post, streamed_file
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from tenants.models import Contract

_VIEW: Final = StaffPermission.AUDIT_VIEW
_TYPES: Final = {"csv": "text/csv", "jsonl": "application/jsonl"}


@get_only
@staff_page(_VIEW)
def events(request: StaffRequest) -> HttpResponse:
    """List what was recorded, newest first, narrowed to what is looked for."""
    scope, form = request.staff.scope(_VIEW), _form(request, request.GET.dict())
    search = form.search()
    before = Place.read(request.GET.get("before", ""))
    page = page_of_events(scope, search, before=before) if search else EventPage([], None)
    context = {
        "nav_here": "audit",
        "form": form,
        "page": page,
        "query": urlencode(_kept(request.GET.dict())),
        "names": names_of(_accounts(page)),
        "contracts": contract_names(event.contract_id for event in page.events),
        "is_further": before is not None,
        "late": page.late(at=clock.now()),
    }
    return render(request, "audit/events.html", context)


@get_or_post
@keeps_typed(fields_named("reason", "format"))
@staff_page(_VIEW)
def export(request: StaffRequest) -> HttpResponse:
    """Ask why, then give what fits as a file. A fresh sign-in is asked for."""
    at, kept = clock.now(), _kept(request.GET.dict())
    searching = _form(request, kept)
    search = searching.search()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = AuditExportForm(request.POST or None, initial=typed or None)
    if request.method == "POST" and search is not None and form.is_valid():
        made, scope = form.cleaned_data["format"], request.staff.scope(_VIEW)
        reason = form.cleaned_data["reason"]
        record_export(search, form=made, reason=reason, by=request.staff.user.id, at=at)
        name = f"audit-{localtime(at):%Y-%m-%d}.{made}"
        return streamed_file(
            name, event_pieces(scope, search, form=made), content_type=_TYPES[made]
        )
    context = {
        "nav_here": "audit",
        "form": form,
        "is_narrowed": bool(kept),
        "query": urlencode(kept),
        "makes_sense": search is not None,
        "typed_is_back": bool(typed),
    }
    return render(request, "audit/export.html", context)


def _form(request: StaffRequest, given: dict[str, str]) -> AuditSearchForm:
    listed = request.staff.scope(_VIEW).narrow(Contract.objects.order_by("name"), "pk")
    named = listed.values_list("pk", "name")
    return AuditSearchForm(_kept(given) or None, contracts=named)


def _kept(given: dict[str, str]) -> dict[str, str]:
    return {name: given[name] for name in FIELDS if given.get(name)}


def _accounts(page: EventPage) -> list[UUID | None]:
    actors = [event.actor_id for event in page.events]
    about = [event.subject_id for event in page.events if event.subject_type == "account"]
    return [*actors, *about]
