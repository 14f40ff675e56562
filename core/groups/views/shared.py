"""The door of Setup, and how its pages lead back to where the person was."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.models import User
from core.accounts.paths import is_own_path
from core.accounts.refusing import note_refusal
from core.common import clock
from core.common.errors import DomainError
from core.groups.entering import Entered
from core.groups.models import Invitation, Provider
from core.groups.permissions import Permission
from core.groups.reach import Reach, list_reached_providers, list_reached_users, reach_of
from core.groups.roles import role_name
from core.groups.services.invitations import resend_invitation, withdraw_invitation
from core.groups.services.roles import add_role
from core.mfa.proving.stepping_up import step_up_path
from tenants.context import ActiveContract
from tenants.in_hand import is_portal_host
from tenants.routing import absolute_reverse

P = ParamSpec("P")


class SetupRequest(SignedInRequest):
    """A request that passed `setup_page`."""

    reach: Reach


def setup_page(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[SetupRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Open a page of Setup to who holds a permission for any provider that is shown.

    Others in Setup get 403; who sees nothing there is shown who administers for them, and when they
    asked for something by its key it is a refusal like anybody's out of reach.
    """

    def wrap(
        view: Callable[Concatenate[SetupRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            reach = reach_of(request)
            if Permission.USERS_VIEW not in reach.permissions:
                if kwargs:
                    note_refusal(request, result="not_found")
                return HttpResponseRedirect(reverse("setup:administrators"))
            if permission not in reach.permissions:
                raise PermissionDenied
            request.reach = reach  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        update_wrapper(guarded, view)
        return signed_in(guarded)

    return wrap


def next_of(request: HttpRequest, otherwise: str) -> str:
    """Return the list or page that an act began on, one of our own paths."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    return wanted if wanted and is_own_path(wanted) else otherwise


def done(request: HttpRequest, told: str, *, back_to: str) -> HttpResponse:
    """Lead back, with what was done."""
    messages.success(request, told)
    return HttpResponseRedirect(back_to)


def refused(request: HttpRequest, error: DomainError, *, back_to: str) -> HttpResponse:
    """Lead back to the present state, with why nothing was done."""
    messages.error(request, error.sentence)
    return HttpResponseRedirect(back_to)


def act_and_return(
    request: HttpRequest,
    act: Callable[[], object],
    told: str,
    *,
    back_to: str | Callable[[], str],
    otherwise: str = "",
) -> HttpResponse:
    """Call a service and lead back with what was done, or with why nothing was.

    `back_to` is called after the act, where it depends on it; `otherwise` is where a refusal leads,
    when that is elsewhere.
    """
    try:
        act()
    except DomainError as error:
        return refused(request, error, back_to=otherwise or _path(back_to))
    return done(request, told, back_to=_path(back_to))


def _path(back_to: str | Callable[[], str]) -> str:
    return back_to if isinstance(back_to, str) else back_to()


def still_in_setup(request: SetupRequest, back_to: str, *, of: User | None = None) -> str:
    """Return where to go after an act, perhaps one on a user.

    Home for who has just given up the last that they administered, the list of users for whose act
    began on the page of somebody who is out of reach by now.
    """
    if not list_reached_providers(request.reach, Permission.USERS_VIEW).exists():
        return reverse("home")
    if of is None or f"/users/{of.id}/" not in back_to:
        return back_to
    seen = list_reached_users(request.reach, Permission.USERS_VIEW)
    is_theirs = seen.filter(pk=of.id).exists()
    return back_to if is_theirs else reverse("setup:users")


def add_and_return(
    request: SetupRequest, user: User, provider: Provider, role: str, *, back_to: str
) -> HttpResponse:
    """Give a user a role at a provider, from the row of either; both were loaded in reach."""
    told = (
        f"{user.get_full_name()} is now {role_name(role, provider.contract_id)} of {provider.name}."
    )
    act = partial(
        add_role,
        user=user,
        provider=provider,
        role=role,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(request, act, told, back_to=back_to)


def resend_and_return(
    request: SignedInRequest, invitation: Invitation, *, entered: Entered, back_to: str
) -> HttpResponse:
    """Mail an invitation anew, in Setup or for an office; it was loaded in reach."""
    act = partial(
        resend_invitation,
        invitation_id=invitation.id,
        by=request.user.id,
        entered=entered,
        at=clock.now(),
    )
    return act_and_return(
        request, act, f"A new mail is on its way to {invitation.email}.", back_to=back_to
    )


def withdraw_and_return(
    request: SignedInRequest, invitation: Invitation, *, entered: Entered, back_to: str
) -> HttpResponse:
    """Take an invitation back, in Setup or for an office; it was loaded in reach."""
    act = partial(
        withdraw_invitation,
        invitation_id=invitation.id,
        by=request.user.id,
        entered=entered,
        at=clock.now(),
    )
    return act_and_return(
        request, act, f"The invitation of {invitation.email} was withdrawn.", back_to=back_to
    )


def page_or_part(request: HttpRequest, *, page: str, part: str) -> str:
    """Return the template of a page, or of what a list shows of it under an open row."""
    return part if request.method == "GET" and "part" in request.GET else page


@dataclass(frozen=True)
class ToEnter:
    """A contract to enter first, and where the person proves what it asks for."""

    contract: ActiveContract
    path: str


def to_enter(request: SetupRequest, contracts: Iterable[ActiveContract]) -> list[ToEnter]:
    """Return contracts with the way to the page that asks, which leads back to the page in hand.

    A contract's own host has no pages of others: from there it is the portal's home.
    """
    back_to = request.get_full_path() if request.method == "GET" else reverse("setup:users")
    if not is_portal_host(request):
        portal = absolute_reverse("home", contract=None)
        return [ToEnter(one, portal) for one in contracts]
    return [ToEnter(one, step_up_path(request, one, back_to=back_to)) for one in contracts]


def setup_render(
    request: SetupRequest, name: str, context: dict[str, Any], *, tab: str
) -> HttpResponse:
    """Render a page of Setup under its tabs."""
    here = reverse(f"setup:{tab}")
    shared = {
        "nav_here": "setup",
        "tab": tab,
        "reach": request.reach,
        "groups_to_enter": to_enter(request, _beyond(request.reach)),
        "next": next_of(request, request.get_full_path() if request.method == "GET" else here),
    }
    return render(request, f"groups/setup/{name}.html", shared | context)


def _beyond(reach: Reach) -> list[ActiveContract]:
    """Return where the person's groups have providers, too, and the session has not entered."""
    beyond = {one.id for contracts in reach.partly_entered.values() for one in contracts}
    return [one for one in reach.unentered if one.id in beyond]
