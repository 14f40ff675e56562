"""Requests for help: read one, close it."""

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post, row_or_404
from core.mfa.models import HelpRequest
from core.mfa.services.help_requests import close_help_request, facts_of
from core.staff.access import StaffRequest, staff_page
from core.staff.acting import require_right
from core.staff.forms import CloseRequestForm
from core.staff.help_requests import HELP_KIND, list_in_scope
from core.staff.lookups import remember_lookup
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffScope
from core.staff.services.finding import in_scope, open_from_request
from core.staff.services.requests_in_hand import QueuedRequest
from core.staff.views.in_hand import decide_in_hand, hand_of


@get_or_post
@keeps_typed(fields_named("outcome"))
@staff_page(StaffPermission.USERS_VIEW)
def help_request(request: StaffRequest, request_id: UUID) -> HttpResponse:
    """Show one request; close it with what came of it."""
    found = _load(request, request_id)
    scope = request.staff.scope(StaffPermission.USERS_RESEND)
    may_close = _covers(scope, found) and found.account_id != request.staff.user.id
    typed = take_typed(request)
    form = CloseRequestForm(request.POST or None, initial=typed)
    if request.method == "POST":
        right = StaffPermission.USERS_RESEND
        require_right(request.staff, right, held=may_close, contract_id=found.contract_id)
        if form.is_valid():
            return _close(request, found, form.cleaned_data["outcome"])
    can_open = found.account_id is not None and in_scope(request.staff, found.account_id)
    context = {
        "found": found,
        "facts": facts_of(found),
        "form": form,
        "may_close": may_close,
        "can_open_account": can_open,
        "typed_is_back": bool(typed),
        "hand": hand_of(request, HELP_KIND, found.id, may_take=may_close and not found.closed_at),
    }
    return _page(request, "request", context)


@require_POST
@staff_page(StaffPermission.USERS_VIEW)
def open_account(request: StaffRequest, request_id: UUID) -> HttpResponse:
    """Go from a request to the account that it seems to be about; recorded like a search."""
    found = _load(request, request_id)
    if found.account is None or not in_scope(request.staff, found.account.id):
        raise Http404
    at = clock.now()
    open_from_request(
        staff=request.staff,
        account=found.account,
        reference=found.reference,
        contract_id=found.contract_id,
        at=at,
    )
    remember_lookup(request, [found.account.id], at=at)
    return HttpResponseRedirect(reverse("staff:account", args=[found.account.id]))


def _close(request: StaffRequest, found: HelpRequest, outcome: str) -> HttpResponse:
    def close() -> str:
        by, at = request.staff.user.id, clock.now()
        closed = close_help_request(request_id=found.id, outcome=outcome, by=by, at=at)
        said = "is closed" if closed else "was closed by somebody else"
        return f"The request {found.reference} {said}."

    return decide_in_hand(
        request,
        QueuedRequest(HELP_KIND, found.id, found.contract_id),
        close,
        page=request.path,
        then=reverse("staff:requests"),
    )


def _load(request: StaffRequest, request_id: UUID) -> HelpRequest:
    scope = request.staff.scope(StaffPermission.USERS_VIEW)
    return row_or_404(list_in_scope(scope).select_related("account"), request_id)


def _covers(scope: StaffScope, found: HelpRequest) -> bool:
    return scope.covers(found.contract_id)


def _page(request: StaffRequest, name: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"staff/{name}.html", {"nav_here": "requests", **context})
