"""Setup: Manage Users."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.accounts.models import User
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, streamed_sheet
from core.common.tables import sheet_pieces
from core.groups.exports import record_export, user_rows
from core.groups.forms import AddProviderForm, SetupSearchForm
from core.groups.permissions import Permission
from core.groups.reach import (
    access_reached_provider,
    access_reached_user,
    list_reached_invitations,
)
from core.groups.setup import MOST_INVITED, find_users, page_of, role_chosen, user_part
from core.groups.user_acts import facts_of_user, offered_acts
from core.groups.views.shared import (
    SetupRequest,
    add_and_return,
    next_of,
    page_or_part,
    refused,
    setup_page,
    setup_render,
    to_enter,
)
from tenants.context import rebound


@get_only
@setup_page(Permission.USERS_VIEW)
def users(request: SetupRequest) -> HttpResponse:
    """List the users whom the person sees in Setup, to search and to open one by one."""
    form = SetupSearchForm(request.GET)
    found = page_of(find_users(request.reach, form.words()), request.GET.get("page", ""))
    seen = list_reached_invitations(request.reach, Permission.USERS_VIEW)
    invited = list(seen.order_by("-invited_at", "-id")[: MOST_INVITED + 1])
    context = {
        "form": form,
        "page": found,
        "invitations": invited[:MOST_INVITED],
        "has_more_invited": len(invited) > MOST_INVITED,
    }
    return setup_render(request, "users", context, tab="users")


@require_POST
@setup_page(Permission.USERS_EXPORT)
def export(request: SetupRequest) -> HttpResponse:
    """Give all roles within reach as a file; a button, because taking the list away is recorded."""
    at = clock.now()
    record_export(request.reach, by=request.user.id, at=at)
    pieces = rebound(sheet_pieces(user_rows(request.reach)))
    return streamed_sheet(f"users-{localtime(at):%Y-%m-%d}.csv", pieces)


@get_or_post
@setup_page(Permission.USERS_VIEW)
def user(request: SetupRequest, user_id: UUID) -> HttpResponse:
    """Show what a user may do where; add one of the admin's providers."""
    found = access_reached_user(request.reach, user_id, Permission.USERS_VIEW)
    search = SetupSearchForm(request.GET, auto_id=f"id_{user_id}_%s")
    part = user_part(request.reach, found, page=request.GET.get("page", ""), words=search.words())
    form = AddProviderForm(
        request.POST or None,
        providers=part.available,
        roles=part.roles,
        auto_id=f"id_{user_id}_%s",
    )
    if request.method == "POST" and form.is_valid():
        return _add(request, found, form)
    facts = facts_of_user(request.reach, found, at=clock.now())
    context = {
        "managed": found,
        "part": part,
        "form": form,
        "search": search,
        "facts": facts,
        "user_to_enter": to_enter(request, facts.to_enter),
        "acts": offered_acts(facts, by=request.user.id),
    }
    return setup_render(
        request, page_or_part(request, page="user", part="user_part"), context, tab="users"
    )


def _add(request: SetupRequest, found: User, form: AddProviderForm) -> HttpResponse:
    back_to = next_of(request, reverse("setup:user", args=[found.id]))
    provider_id, role = form.chosen()
    provider = access_reached_provider(request.reach, provider_id, Permission.ROLES_MANAGE)
    try:
        role = role_chosen(role, [provider])
    except DomainError as error:
        return refused(request, error, back_to=back_to)
    return add_and_return(request, found, provider, role, back_to=back_to)
