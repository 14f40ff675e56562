"""Setup: what an admin does to a whole person, each on a page that says what is lost."""

from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.access import SignedInRequest
from core.accounts.models import User
from core.common import clock
from core.common.http import get_or_post
from core.groups.entering import Entered
from core.groups.permissions import Permission
from core.groups.reach import access_reached_user
from core.groups.user_acts import USER_ACTS, UserAct, facts_of_user
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    next_of,
    setup_page,
    setup_render,
)
from core.mfa.proving.freshness import is_fresh, to_confirmation


@get_or_post
@setup_page(Permission.ACCOUNTS_MANAGE)
def act_on(request: SetupRequest, user_id: UUID, name: str) -> HttpResponse:
    """Say what an act means, then do it."""
    act = USER_ACTS.get(name)
    found = access_reached_user(request.reach, user_id, Permission.ACCOUNTS_MANAGE)
    if act is None:
        raise Http404
    at = clock.now()
    back_to = next_of(request, reverse("setup:user", args=[found.id]))
    facts = facts_of_user(request.reach, found, at=at)
    if found.id == request.user.id or not act.fits(facts):
        # Somebody else was faster, or it was never theirs: the page shows what there is to do.
        return HttpResponseRedirect(back_to)
    if act.changes and not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    if request.method != "POST":
        context = {"act": act, "managed": found, "back_to": back_to}
        return setup_render(request, "user_act", context, tab="users")
    return carry_out(request, act, found, entered=request.reach.entered, back_to=back_to)


def carry_out(
    request: SignedInRequest, act: UserAct, user: User, *, entered: Entered, back_to: str
) -> HttpResponse:
    """Do an act on an account, in Setup or for an office; it was loaded in reach."""
    carry = partial(
        act.carry_out, user_id=user.id, by=request.user.id, entered=entered, at=clock.now()
    )
    return act_and_return(request, carry, act.done, back_to=back_to)
