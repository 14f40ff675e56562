"""Setup: the roles of several users at several providers at once."""

from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from core.accounts.models import User
from core.common import clock
from core.common.http import get_or_post, key_or_404
from core.groups.forms import SetupSearchForm
from core.groups.grid import build_grid
from core.groups.models import Provider
from core.groups.permissions import Permission
from core.groups.reach import list_reached_providers, list_reached_users
from core.groups.roles import GROUP_ADMIN, roles_in
from core.groups.services.several import RoleChange, set_roles
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    done,
    next_of,
    setup_page,
    setup_render,
    still_in_setup,
)

_MOST = 200
"""More cells than one page of the grid has are no form of ours."""
_WANTED, _WAS = "c:", "w:"


@get_or_post
@setup_page(Permission.ROLES_MANAGE)
def grid(request: SetupRequest) -> HttpResponse:
    """Show users and providers with their roles; spell out what is to change, then change it."""
    back_to = next_of(request, reverse("setup:grid"))
    if request.method != "POST":
        return _show(request)
    changes = _changes(request)
    if not changes:
        return done(request, "Nothing was changed.", back_to=back_to)
    if "confirmed" not in request.POST:
        kept = [(name, value) for name, value in request.POST.items() if _is_cell(name)]
        context = {"changes": changes, "kept": kept, "back_to": back_to}
        return setup_render(request, "grid_confirm", context, tab="users")
    told = f"{len(changes)} role{'' if len(changes) == 1 else 's'} changed."
    act = partial(
        set_roles,
        changes=changes,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(
        request, act, told, back_to=lambda: still_in_setup(request, back_to), otherwise=back_to
    )


def _show(request: SetupRequest) -> HttpResponse:
    users = SetupSearchForm(request.GET)
    places = SetupSearchForm({"q": request.GET.get("p", "")})
    found = build_grid(
        request.reach,
        user_words=users.words(),
        provider_words=places.words(),
        page=request.GET.get("page", ""),
        columns=request.GET.get("columns", ""),
    )
    context = {"grid": found, "q": " ".join(users.words()), "p": " ".join(places.words())}
    return setup_render(request, "grid", context, tab="users")


def _is_cell(name: str) -> bool:
    return name.startswith((_WANTED, _WAS))


def _changes(request: SetupRequest) -> list[RoleChange]:
    """Return the cells that differ from what the page showed. Raises Http404 for other cells."""
    asked: dict[tuple[UUID, UUID], tuple[str | None, str | None]] = {}
    for name, value in request.POST.items():
        was = request.POST.get(_WAS + name.removeprefix(_WANTED), "")
        if name.startswith(_WANTED) and value != was:
            asked[_key_of(name)] = (was or None, str(value) or None)
    if len(asked) > _MOST:
        raise Http404
    right = Permission.ROLES_MANAGE
    managed = list_reached_users(request.reach, right).filter(is_active=True)
    users = managed.in_bulk({user for user, _provider in asked})
    places = {place for _user, place in asked}
    providers = list_reached_providers(request.reach, right).in_bulk(places)
    try:
        return [
            _change(users[user], providers[place], was, role)
            for (user, place), (was, role) in asked.items()
        ]
    except KeyError as error:
        raise Http404 from error


def _key_of(name: str) -> tuple[UUID, UUID]:
    user, _, provider = name.removeprefix(_WANTED).partition(":")
    return key_or_404(user), key_or_404(provider)


def _change(user: User, provider: Provider, was: str | None, role: str | None) -> RoleChange:
    offered = {one.key for one in roles_in(provider.contract_id)} - {GROUP_ADMIN.key}
    if role is not None and role not in offered:
        raise Http404
    return RoleChange(user, provider, was, role)
