"""Setup: give up a provider, on a page that spells out who loses what."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.common import clock
from core.common.http import get_or_post
from core.groups.permissions import Permission
from core.groups.reach import access_reached_provider, is_given_up
from core.groups.services.giving_up import give_up_provider, loss_of
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    setup_page,
    setup_render,
    still_in_setup,
)
from core.mfa.proving.freshness import is_fresh, to_confirmation


@get_or_post
@setup_page(Permission.USERS_VIEW)
def give_up(request: SetupRequest, provider_id: UUID) -> HttpResponse:
    """Say what ends with a provider, then give it up. For Provider Group Admins."""
    at = clock.now()
    if is_given_up(request.user, provider_id):
        messages.info(request, "This provider was given up already.")
        return HttpResponseRedirect(reverse("setup:providers"))
    provider = access_reached_provider(request.reach, provider_id, Permission.PROVIDER_MANAGE)
    if not is_fresh(request, request.user, at=at):
        return to_confirmation(request)
    if request.method != "POST":
        context = {"provider": provider, "loss": loss_of(provider)}
        return setup_render(request, "give_up", context, tab="providers")
    act = partial(
        give_up_provider,
        provider_id=provider.id,
        seen=request.POST.get("seen", ""),
        by=request.user.id,
        at=at,
    )
    return act_and_return(
        request,
        act,
        f"{provider.name} was given up. Everybody who worked for it is told by mail.",
        back_to=lambda: still_in_setup(request, reverse("setup:providers")),
        otherwise=request.path,
    )
