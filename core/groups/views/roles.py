"""Setup: give another role in place of one, and take one away."""

from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.common import clock
from core.common.http import get_or_post
from core.groups.forms import MoveForm, RoleForm, SetupSearchForm, role_choices
from core.groups.models import Membership, Role
from core.groups.permissions import Permission
from core.groups.reach import access_reached_membership, access_reached_provider
from core.groups.roles import RoleTerms, role_name, roles_in, terms_of, with_present
from core.groups.services.moving import move_role
from core.groups.services.roles import change_role, end_membership
from core.groups.setup import user_part
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    next_of,
    setup_page,
    setup_render,
    still_in_setup,
)


@require_POST
@setup_page(Permission.ROLES_MANAGE)
def role(request: SetupRequest, membership_id: UUID) -> HttpResponse:
    """Change a role; what reaches a whole group is spelled out and confirmed first."""
    held = access_reached_membership(request.reach, membership_id)
    form = RoleForm(request.POST, choices=role_choices(_roles_for(held)))
    if not form.is_valid():
        raise Http404
    was, wanted = form.roles()
    back_to = next_of(request, reverse("setup:user", args=[held.user_id]))
    if Role.GROUP_ADMIN in {was, wanted} and was != wanted and "confirmed" not in request.POST:
        context = {
            "held": held,
            "was": terms_of(was, held.contract_id),
            "wanted": terms_of(wanted, held.contract_id),
            "back_to": back_to,
        }
        return setup_render(request, "role", context, tab="users")
    act = partial(
        change_role,
        membership_id=held.id,
        was=was,
        role=wanted,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(
        request,
        act,
        f"{held.user.get_full_name()} is now {role_name(wanted, held.contract_id)}.",
        back_to=lambda: still_in_setup(request, back_to),
        otherwise=back_to,
    )


@get_or_post
@setup_page(Permission.ROLES_MANAGE)
def remove(request: SetupRequest, membership_id: UUID) -> HttpResponse:
    """Spell out what a user loses, then take the role away."""
    held = access_reached_membership(request.reach, membership_id)
    back_to = next_of(request, reverse("setup:users"))
    if held.until is not None:
        return HttpResponseRedirect(still_in_setup(request, back_to, of=held.user))
    if request.method != "POST":
        context = {
            "held": held,
            "was": terms_of(held.role, held.contract_id),
            "back_to": back_to,
        }
        return setup_render(request, "remove", context, tab="users")
    act = partial(
        end_membership,
        membership_id=held.id,
        was=request.POST.get("was", held.role),
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(
        request, act, _removed(held), back_to=lambda: still_in_setup(request, back_to, of=held.user)
    )


@get_or_post
@setup_page(Permission.ROLES_MANAGE)
def move(request: SetupRequest, membership_id: UUID) -> HttpResponse:
    """Choose another provider for a user, who gets the same role there in place of this one."""
    held = access_reached_membership(request.reach, membership_id)
    back_to = next_of(request, reverse("setup:user", args=[held.user_id]))
    if held.until is not None or held.provider is None:
        return HttpResponseRedirect(back_to)
    search = SetupSearchForm(request.GET)
    part = user_part(request.reach, held.user, words=search.words())
    form = MoveForm(request.POST or None, providers=part.available, initial={"was": held.role})
    if request.method == "POST" and form.is_valid():
        return _move(request, held, form, back_to=back_to)
    context = {
        "held": held,
        "role": terms_of(held.role, held.provider.contract_id),
        "part": part,
        "form": form,
        "search": search,
        "back_to": back_to,
    }
    return setup_render(request, "move", context, tab="users")


def _move(request: SetupRequest, held: Membership, form: MoveForm, *, back_to: str) -> HttpResponse:
    was, key = form.chosen()
    to = access_reached_provider(request.reach, key, Permission.ROLES_MANAGE)
    name = role_name(was, to.contract_id)
    told = f"{held.user.get_full_name()} moved from {held.provider} to {to.name}, as {name}."
    act = partial(
        move_role,
        membership_id=held.id,
        was=was,
        to=to,
        by=request.user.id,
        entered=request.reach.entered,
        at=clock.now(),
    )
    return act_and_return(
        request, act, told, back_to=lambda: still_in_setup(request, back_to), otherwise=back_to
    )


def _roles_for(held: Membership) -> tuple[RoleTerms, ...]:
    """Return what a form may name: the roles of the place, and the present one."""
    return with_present(terms_of(held.role, held.contract_id), roles_in(held.contract_id))


def _removed(held: Membership) -> str:
    where = held.provider.name if held.provider else "the group"
    return f"{held.user.get_full_name()} was removed from {where}."
