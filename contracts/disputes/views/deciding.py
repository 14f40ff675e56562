"""Staff decide a dispute over an identifier."""

from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from contracts.disputes.facts import facts_of
from contracts.disputes.forms import DecisionForm
from contracts.disputes.models import Dispute, DisputeState
from contracts.disputes.queue import QUEUE_KIND
from contracts.disputes.selectors import (
    list_disputes,
    list_holders_of,
    list_on_file,
    list_reserving,
    may_decide,
)
from contracts.disputes.services.disputes import (
    Release,
    reject_dispute,
    step_of,
    uphold_dispute,
)
from contracts.roster.identifiers import Target, target_of
from core.accounts.selectors import names_by_part
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post, row_or_404
from core.groups.models import ProviderGroup
from core.groups.services.giving_up import loss_of
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.acting import require_right
from core.staff.permissions import StaffPermission
from core.staff.resting import waits_for_service
from core.staff.services.requests_in_hand import QueuedRequest
from core.staff.views.in_hand import decide_in_hand, hand_of
from tenants import registry

_DECIDE = StaffPermission.REGISTRATIONS_DECIDE
_REJECTED = "It is rejected. Whoever opened it has mail with the reason."
_UPHELD = "It is upheld, and the identifier is free. Everybody whom it touches has mail."
_MOVED = "It is upheld, and the provider is moved. Both groups are told."
_BEGUN = "Your decision is written down. A second person has to confirm it."


@get_or_post
@keeps_typed(fields_named("reason", "provider", "other"))
@staff_page(StaffPermission.REGISTRATIONS_VIEW)
@waits_for_service
def decide(request: StaffRequest, dispute_id: UUID) -> HttpResponse:
    """Show both sides of a dispute; reject or uphold it, with a reason."""
    found = row_or_404(list_disputes(request.staff), dispute_id)
    allowed = may_decide(request.staff, found)
    holders = list(list_holders_of(found).order_by("id"))
    typed, target = take_typed(request), _first_target(found)
    may_move = bool(holders) and found.first_by is None
    form = DecisionForm(request.POST or None, initial=typed, providers=holders, may_move=may_move)
    if request.method == "POST":
        require_right(request.staff, _DECIDE, held=allowed, contract_id=found.contract_id)
        if not is_fresh(request, request.staff.user, at=clock.now()):
            return to_confirmation(request)
        if form.is_valid() and _names_one(request, form):
            target = _target(request, form) or target
            if _is_confirmed(request, target):
                return _decide(request, found, form, target)
    contract = registry.get_contract_by_id(found.contract_id)
    waits = found.state == DisputeState.OPEN
    context = {
        "nav_here": "requests",
        "found": found,
        "facts": facts_of(found),
        "contract": contract,
        "losses": [loss_of(provider) for provider in holders],
        "entries": list_on_file(found),
        "reserving": list_reserving(found, at=clock.now()),
        "names": _names(found),
        "step": step_of(found, contract).value,
        "form": form,
        "target": target,
        "went_to": _group(found.moved_to),
        "waits": waits,
        "may_decide": allowed,
        "is_first": found.first_by == request.staff.user.id,
        "typed_is_back": bool(typed),
        "hand": hand_of(request, QUEUE_KIND, found.id, may_take=allowed and waits),
    }
    return render(request, "staff/dispute.html", context)


def _names_one(request: StaffRequest, form: DecisionForm) -> bool:
    """Tell whether the decision says which provider it is about, where it has to."""
    if request.POST.get("act") == "reject" or form.cleaned_data.get("provider"):
        return True
    form.add_error(
        "provider" if "provider" in form.fields else None, "Choose which one it is about."
    )
    return False


def _target(request: StaffRequest, form: DecisionForm) -> Target | None:
    """Return the group that a first decision moves to, as it is typed."""
    moves = request.POST.get("act") == "move" and "other" in form.fields
    return form.target() if moves else None


def _first_target(found: Dispute) -> Target | None:
    """Return the group that the first of two people wants to move to."""
    group = _group(found.first_moved_to) if found.state == DisputeState.OPEN else None
    return target_of(group) if group else None


def _group(key: UUID | None) -> ProviderGroup | None:
    return ProviderGroup.objects.filter(pk=key).first() if key else None


def _is_confirmed(request: StaffRequest, target: Target | None) -> bool:
    """Tell whether it is no move, or the page has shown the very group that it goes to."""
    if request.POST.get("act") != "move":
        return True
    return target is not None and request.POST.get("to") == str(target.group.id)


def _decide(
    request: StaffRequest, found: Dispute, form: DecisionForm, target: Target | None
) -> HttpResponse:
    return decide_in_hand(
        request,
        QueuedRequest(QUEUE_KIND, found.id, found.contract_id),
        partial(_carry_out, request, found, form, target),
        page=reverse("disputes:decide", args=[found.id]),
    )


def _carry_out(
    request: StaffRequest, found: Dispute, form: DecisionForm, target: Target | None
) -> str:
    reason, email = form.cleaned_data["reason"], facts_of(found).email
    by, at = request.staff.user.id, clock.now()
    match request.POST.get("act"):
        case "reject":
            reject_dispute(dispute_id=found.id, reason=reason, email=email, by=by, at=at)
            return _REJECTED
        case "uphold" | "move" as act:
            chosen = UUID(form.cleaned_data["provider"])
            to = target.group.id if target and act == "move" else None
            release = Release(chosen, request.POST.get("step", ""), to)
            done = uphold_dispute(
                dispute_id=found.id, release=release, reason=reason, email=email, by=by, at=at
            )
            if done.state == DisputeState.OPEN:
                return _BEGUN
            return _MOVED if done.moved_to else _UPHELD
    raise Http404


def _names(found: Dispute) -> dict[str, str]:
    """Return who decided first and who decided, by name."""
    return names_by_part({"first": found.first_by, "decided": found.decided_by})
