"""One of an office's people: what an admin of the office does to the whole account.

The same acts as in Setup, within the same bounds (design decision 15): all that the person does has
to lie where the admin manages it, which is the office and what it has access to.
"""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.policies import find_contracts
from core.common import clock
from core.common.http import get_only, get_or_post
from core.groups.entering import Entered
from core.groups.models import Membership
from core.groups.offices import access_office_person, works_for
from core.groups.selectors import contracts_worked_in
from core.groups.services.people import is_wholly_managed
from core.groups.user_acts import USER_ACTS, UserFacts, offered_acts
from core.groups.views.office_entering import to_enter_for_office
from core.groups.views.offices import office_render
from core.groups.views.shared import ToEnter
from core.groups.views.user_acts import ask_and_carry_out
from core.mfa.selectors import kinds_of
from core.staff.access import portal_only


@dataclass(frozen=True)
class _Standing:
    """What decides about the acts on a person, and which of their programs are entered."""

    facts: UserFacts
    to_enter: list[ToEnter]
    entered: Entered


@get_only
@portal_only
@signed_in
def person(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Show who somebody of the office is, for whom they work, and what can be done."""
    held = _present(request, membership_id)
    standing = _standing(request, held)
    closed = {one.contract.id for one in standing.to_enter}
    context = {
        "office": _office_of(held),
        "held": held,
        "works_for": works_for(held, without=closed),
        "facts": standing.facts,
        "to_enter": standing.to_enter,
        "acts": offered_acts(standing.facts, by=request.user.id),
    }
    return office_render(request, "person", context)


@get_or_post
@portal_only
@signed_in
def act_on(request: SignedInRequest, membership_id: UUID, name: str) -> HttpResponse:
    """Say what an act means, then do it."""
    act, held = USER_ACTS.get(name), _present(request, membership_id)
    if act is None:
        raise Http404
    standing = _standing(request, held)
    back_to = reverse("offices:person", args=[held.id])
    context = {"office": _office_of(held), "act": act, "held": held, "back_to": back_to}
    return ask_and_carry_out(
        request,
        act,
        standing.facts,
        ask=lambda: office_render(request, "person_act", context),
        entered=standing.entered,
        back_to=back_to,
    )


def _present(request: SignedInRequest, membership_id: UUID) -> Membership:
    """Return a role that somebody has in the office now. Raises Http404."""
    held = access_office_person(request.user, membership_id)
    if held.until is not None:
        raise Http404
    return held


def _standing(request: SignedInRequest, held: Membership) -> _Standing:
    worked = find_contracts(contracts_worked_in(held.user_id))
    back_to = reverse("offices:person", args=[held.id])
    missing = to_enter_for_office(request, [one.id for one in worked], back_to=back_to)
    closed = [one.contract for one in missing]
    facts = UserFacts(
        user=held.user,
        is_locked=held.user.is_locked(clock.now()),
        has_factors=bool(kinds_of(held.user_id)),
        is_whole=is_wholly_managed(held.user, by=request.user.id),
        to_enter=tuple(closed),
    )
    return _Standing(facts, missing, {one.id for one in worked if one not in closed})


def _office_of(held: Membership) -> object:
    assert held.group is not None  # noqa: S101 (it was loaded by its office's group)
    return held.group.office
