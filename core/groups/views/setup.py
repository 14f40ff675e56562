"""Setup: Manage Provider Groups, and who administers for whom."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.common.http import get_only, get_or_post
from core.groups.administrators import administrators_of, office_administrators_of
from core.groups.forms import AddUserForm, SetupSearchForm
from core.groups.models import Provider
from core.groups.permissions import Permission
from core.groups.reach import access_reached_provider, access_reached_user, reach_of
from core.groups.setup import ProviderPart, find_providers, page_of, provider_part
from core.groups.views.shared import (
    SetupRequest,
    add_and_return,
    next_of,
    page_or_part,
    setup_page,
    setup_render,
)


@get_only
@setup_page(Permission.USERS_VIEW)
def providers(request: SetupRequest) -> HttpResponse:
    """List the providers whose users the person sees, to search and to open one by one."""
    form = SetupSearchForm(request.GET)
    found = page_of(find_providers(request.reach, form.words()), request.GET.get("page", ""))
    return setup_render(request, "providers", {"form": form, "page": found}, tab="providers")


@get_or_post
@setup_page(Permission.USERS_VIEW)
def provider(request: SetupRequest, provider_id: UUID) -> HttpResponse:
    """Show who works for a provider; add one of the admin's users to it."""
    found = access_reached_provider(request.reach, provider_id, Permission.USERS_VIEW)
    search = SetupSearchForm(request.GET, auto_id=f"id_{provider_id}_%s")
    part = provider_part(
        request.reach, found, page=request.GET.get("page", ""), words=search.words()
    )
    form = _add_form(request, part)
    if request.method == "POST" and form.is_valid():
        return _add(request, found, form)
    context = {"provider": found, "part": part, "form": form, "search": search}
    return setup_render(
        request,
        page_or_part(request, page="provider", part="provider_part"),
        context,
        tab="providers",
    )


@get_only
@signed_in
def administrators(request: SignedInRequest) -> HttpResponse:
    """Tell everybody who administers the providers, and the offices, that they work for."""
    reach = reach_of(request)
    context = {
        "providers": administrators_of(reach),
        "offices": office_administrators_of(request.user),
        "reach": reach,
        "nav_here": "setup",
    }
    return render(request, "groups/setup/administrators.html", context)


def _add_form(request: SetupRequest, part: ProviderPart) -> AddUserForm:
    return AddUserForm(
        request.POST or None,
        users=part.available,
        roles=part.roles,
        auto_id=f"id_{part.provider.id}_%s",
    )


def _add(request: SetupRequest, found: Provider, form: AddUserForm) -> HttpResponse:
    back_to = next_of(request, reverse("setup:provider", args=[found.id]))
    user_id, role = form.chosen()
    user = access_reached_user(request.reach, user_id, Permission.ROLES_MANAGE)
    return add_and_return(request, user, found, role, back_to=back_to)
