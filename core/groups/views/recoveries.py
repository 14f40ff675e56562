"""Staff decide who becomes Provider Group Admin in place of one who left."""

from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_only, get_or_post, row_or_404
from core.groups.models import RecoveryRequest
from core.groups.recovering import QUEUE_KIND, list_in_scope, may_decide, present_admins
from core.groups.services.recoveries import (
    grant_recovery,
    refuse_recovery,
    stop_recovery,
    wait_days,
)
from core.groups.states import LIVE_RECOVERIES, RecoveryState
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.acting import require_right
from core.staff.forms import ReasonForm
from core.staff.permissions import StaffPermission
from core.staff.resting import waits_for_service
from core.staff.services.requests_in_hand import QueuedRequest
from core.staff.views.in_hand import decide_in_hand, hand_of
from tenants import registry

_ACTS = {"refuse": refuse_recovery, "stop": stop_recovery}
_DONE = {
    "grant": "It is granted, and waits for objections. Everybody whom it touches has mail.",
    "refuse": "It is refused. Whoever asked has mail.",
    "stop": "It is stopped. Everybody whom it touches has mail.",
}


@get_only
@staff_page(StaffPermission.REGISTRATIONS_VIEW)
def recoveries(request: StaffRequest) -> HttpResponse:
    """Lead to the queue, where these requests wait with the others; an address of before."""
    return HttpResponseRedirect(f"{reverse('staff:requests')}?kind={QUEUE_KIND}")


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(StaffPermission.REGISTRATIONS_VIEW)
@waits_for_service
def recovery(request: StaffRequest, recovery_id: UUID) -> HttpResponse:
    """Show a request with its evidence; grant, refuse or stop it, with a reason."""
    found = row_or_404(list_in_scope(request.staff), recovery_id)
    allowed = may_decide(request.staff, found)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST":
        require_right(
            request.staff,
            StaffPermission.REGISTRATIONS_DECIDE,
            held=allowed,
            contract_id=found.provider.contract_id,
            about=found.user_id,
        )
        if not is_fresh(request, request.staff.user, at=clock.now()):
            return to_confirmation(request)
        if form.is_valid():
            return _decide(request, found, form)
    context = {
        "found": found,
        "contract": registry.get_contract_by_id(found.provider.contract_id),
        "admins": present_admins(found),
        "days": wait_days(found.provider),
        "form": form,
        "may_decide": allowed,
        "is_asked": found.state == RecoveryState.ASKED,
        "is_waiting": found.state == RecoveryState.WAITING,
        "typed_is_back": bool(typed),
        "hand": hand_of(
            request,
            QUEUE_KIND,
            found.id,
            may_take=allowed and found.state in LIVE_RECOVERIES,
        ),
    }
    return _page(request, "recovery", context)


def _decide(request: StaffRequest, found: RecoveryRequest, form: ReasonForm) -> HttpResponse:
    name = request.POST.get("act", "")
    scope = request.staff.scope(StaffPermission.REGISTRATIONS_DECIDE)
    act = (_ACTS | {"grant": partial(grant_recovery, scope=scope)}).get(name)
    if act is None:
        raise Http404

    def decide() -> str:
        by, at = request.staff.user.id, clock.now()
        act(recovery_id=found.id, reason=form.cleaned_data["reason"], by=by, at=at)
        return _DONE[name]

    return decide_in_hand(
        request,
        QueuedRequest(QUEUE_KIND, found.id, found.provider.contract_id),
        decide,
        page=reverse("staff_recovery", args=[found.id]),
    )


def _page(request: StaffRequest, name: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"staff/{name}.html", {"nav_here": "requests", **context})
