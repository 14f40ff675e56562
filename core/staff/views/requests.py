"""The queue of requests for help."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import RecordedRefusal, get_only, get_or_post, row_or_404
from core.mfa.models import HelpRequest
from core.mfa.services.help_requests import close_help_request, facts_of
from core.staff.access import StaffRequest, staff_page
from core.staff.forms import CloseRequestForm
from core.staff.lookups import remember_lookup
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffScope
from core.staff.services.finding import in_scope, open_from_request
from core.staff.services.refusals import record_staff_refusal
from tenants import registry

_MOST = 200


@get_only
@staff_page(StaffPermission.USERS_VIEW)
def requests(request: StaffRequest) -> HttpResponse:
    """List the open requests in scope, oldest first."""
    waiting = _in_scope(request.staff.scope(StaffPermission.USERS_VIEW))
    names = {contract.id: contract.name for contract in registry.list_contracts()}
    rows = [
        (one, names.get(one.contract_id, "") if one.contract_id else "")
        for one in waiting.filter(closed_at__isnull=True).order_by("requested_at", "id")[:_MOST]
    ]
    return _page(request, "requests", {"rows": rows})


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
    if request.method == "POST" and not may_close:
        record_staff_refusal(
            user_id=request.staff.user.id,
            permission=StaffPermission.USERS_RESEND.value,
            contract_id=found.contract_id,
            at=clock.now(),
        )
        raise RecordedRefusal
    if request.method == "POST" and form.is_valid():
        closed = close_help_request(
            request_id=found.id,
            outcome=form.cleaned_data["outcome"],
            by=request.staff.user.id,
            at=clock.now(),
        )
        said = "is closed" if closed else "was closed by somebody else"
        messages.success(request, f"The request {found.reference} {said}.")
        return HttpResponseRedirect(reverse("staff:requests"))
    can_open = found.account_id is not None and in_scope(request.staff, found.account_id)
    context = {
        "found": found,
        "facts": facts_of(found),
        "form": form,
        "may_close": may_close,
        "can_open_account": can_open,
        "typed_is_back": bool(typed),
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


def _load(request: StaffRequest, request_id: UUID) -> HelpRequest:
    scope = request.staff.scope(StaffPermission.USERS_VIEW)
    return row_or_404(_in_scope(scope).select_related("account"), request_id)


def _in_scope(scope: StaffScope) -> QuerySet[HelpRequest]:
    if scope.everywhere:
        return HelpRequest.objects.all()
    return HelpRequest.objects.filter(Q(contract_id__in=scope.contracts))


def _covers(scope: StaffScope, found: HelpRequest) -> bool:
    return scope.covers(found.contract_id)


def _page(request: StaffRequest, name: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"staff/{name}.html", {"nav_here": "requests", **context})
