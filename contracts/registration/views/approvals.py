"""Staff approve or decline a registration that waits for them."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from contracts.registration.approving import QUEUE_KIND, list_approvals, may_decide
from contracts.registration.evidence_shown import evidence_of
from contracts.registration.models import Approval
from contracts.registration.services.approvals import (
    approve_registration,
    decline_registration,
    step_of,
)
from contracts.registration.states import ApprovalOutcome
from core.accounts.selectors import names_by_part
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post, row_or_404
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.acting import require_right
from core.staff.forms import ReasonForm
from core.staff.permissions import StaffPermission
from core.staff.resting import waits_for_service
from core.staff.services.requests_in_hand import QueuedRequest
from core.staff.views.in_hand import decide_in_hand, hand_of
from tenants import registry

_DECLINED = "It is declined. Whoever registered has mail with the reason."
_APPROVED = "It is approved. Whoever registered has mail and can work now."
_BEGUN = "Your approval is written down. A second person has to confirm it."


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(StaffPermission.REGISTRATIONS_VIEW)
@waits_for_service
def approval(request: StaffRequest, approval_id: UUID) -> HttpResponse:
    """Show a registration with what it was decided on; approve or decline it, with a reason."""
    found = row_or_404(list_approvals(request.staff), approval_id)
    allowed = may_decide(request.staff, found)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST":
        require_right(
            request.staff,
            StaffPermission.REGISTRATIONS_DECIDE,
            held=allowed,
            contract_id=found.contract_id,
            about=found.user_id,
        )
        if not is_fresh(request, request.staff.user, at=clock.now()):
            return to_confirmation(request)
        if form.is_valid():
            return _decide(request, found, form)
    waits = found.outcome == ""
    contract = registry.get_contract_by_id(found.contract_id)
    context = {
        "nav_here": "requests",
        "found": found,
        "pending": found.registration,
        "contract": contract,
        "evidence": evidence_of(found, at=clock.now()),
        "names": _names(found),
        "step": step_of(found, contract).value,
        "form": form,
        "waits": waits,
        "may_decide": allowed,
        "is_first": found.first_by == request.staff.user.id,
        "typed_is_back": bool(typed),
        "hand": hand_of(request, QUEUE_KIND, found.id, may_take=allowed and waits),
    }
    return render(request, "staff/approval.html", context)


def _decide(request: StaffRequest, found: Approval, form: ReasonForm) -> HttpResponse:
    step = request.POST.get("step", "")
    acts: dict[str, Callable[..., Approval]] = {
        "approve": partial(approve_registration, step=step),
        "decline": decline_registration,
    }
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        raise Http404

    def decide() -> str:
        by, at = request.staff.user.id, clock.now()
        return _what_came(
            act(approval_id=found.id, reason=form.cleaned_data["reason"], by=by, at=at)
        )

    return decide_in_hand(
        request,
        QueuedRequest(QUEUE_KIND, found.id, found.contract_id),
        decide,
        page=reverse("approvals:approval", args=[found.id]),
    )


def _what_came(done: Approval) -> str:
    if done.outcome == "":
        return _BEGUN
    return _DECLINED if done.outcome == ApprovalOutcome.DECLINED else _APPROVED


def _names(found: Approval) -> dict[str, str]:
    """Return who approved first and who decided, by name."""
    return names_by_part({"first": found.first_by, "decided": found.decided_by})
