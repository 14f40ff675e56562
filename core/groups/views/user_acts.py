"""Setup: what an admin does to a whole person, each on a page that says what is lost."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.access import SignedInRequest
from core.common import clock
from core.common.http import get_or_post
from core.groups.entering import Entered
from core.groups.permissions import Permission
from core.groups.reach import access_reached_user
from core.groups.user_acts import USER_ACTS, UserAct, UserFacts, facts_of_user, offered_acts
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
    back_to = next_of(request, reverse("setup:user", args=[found.id]))
    context = {"act": act, "managed": found, "back_to": back_to}
    return ask_and_carry_out(
        request,
        act,
        facts_of_user(request.reach, found, at=clock.now()),
        ask=lambda: setup_render(request, "user_act", context, tab="users"),
        entered=request.reach.entered,
        back_to=back_to,
    )


def ask_and_carry_out(
    request: SignedInRequest,
    act: UserAct,
    facts: UserFacts,
    *,
    ask: Callable[[], HttpResponse],
    entered: Entered,
    back_to: str,
) -> HttpResponse:
    """Do an act on an account, in Setup or for an office, after the page that `ask` renders.

    The account was loaded in reach.
    """
    if act not in offered_acts(facts, by=request.user.id):
        # Somebody else was faster, or it was never theirs: the page shows what there is to do.
        return HttpResponseRedirect(back_to)
    at = clock.now()
    if act.changes and not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    if request.method != "POST":
        return ask()
    carry = partial(
        act.carry_out, user_id=facts.user.id, by=request.user.id, entered=entered, at=at
    )
    return act_and_return(request, carry, act.done, back_to=back_to)
