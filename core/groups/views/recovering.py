"""Ask to become Provider Group Admin for one who left; object as a present one."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, signed_in
from core.common import clock
from core.common.http import get_or_post
from core.groups.forms import ObjectForm, RecoveryForm
from core.groups.joining import access_own_recovery, access_own_request, may_recover
from core.groups.models import Provider
from core.groups.permissions import Permission
from core.groups.reach import access_reached_recovery, access_visible_provider, reach_of
from core.groups.services.recoveries import (
    ask_recovery,
    object_to_recovery,
    wait_days,
    withdraw_recovery,
)
from core.groups.states import LIVE_RECOVERIES
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    setup_page,
    setup_render,
)
from tenants import registry


@get_or_post
@signed_in
def recover(request: SignedInRequest, provider_id: UUID) -> HttpResponse:
    """Take the request of somebody who works for the provider."""
    provider = access_visible_provider(reach_of(request), provider_id)
    return _recover(request, provider, shown=provider.name)


@get_or_post
@signed_in
def recover_from_request(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Take the request of somebody whose request to join nobody has answered; it names nothing."""
    found = may_recover(access_own_request(request.user, request_id))
    return _recover(request, found.provider, shown=found.number)


@require_POST
@signed_in
def withdraw(request: SignedInRequest, recovery_id: UUID) -> HttpResponse:
    """Take back one's own request."""
    found, back_to = access_own_recovery(request.user, recovery_id), reverse("own_requests")
    act = partial(withdraw_recovery, recovery_id=found.id, by=request.user.id, at=clock.now())
    return act_and_return(request, act, "Your request was withdrawn.", back_to=back_to)


@get_or_post
@setup_page(Permission.USERS_VIEW)
def recovery(request: SetupRequest, recovery_id: UUID) -> HttpResponse:
    """Show a present admin who asks to become one; take the objection."""
    found = access_reached_recovery(request.reach, recovery_id)
    form = ObjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        back_to = reverse("setup:recovery", args=[found.id])
        act = partial(
            object_to_recovery,
            recovery_id=found.id,
            reason=form.cleaned_data["reason"],
            by=request.user.id,
            entered=request.reach.entered,
            at=clock.now(),
        )
        return act_and_return(
            request, act, "The request is stopped. Whoever asked has mail.", back_to=back_to
        )
    whole = found.provider.group_id not in request.reach.partly_entered
    is_live = whole and found.state in LIVE_RECOVERIES
    context = {"found": found, "form": form, "is_live": is_live}
    return setup_render(request, "recovery", context, tab="requests")


def _recover(request: SignedInRequest, provider: Provider, *, shown: str) -> HttpResponse:
    contract = registry.get_contract_by_id(provider.contract_id)
    section = contract.document.groups
    form = RecoveryForm(request.POST or None, asked=section.recovery_evidence)
    if request.method == "POST" and form.is_valid():
        back_to = reverse("own_requests")
        act = partial(
            ask_recovery,
            user=request.user,
            provider_id=provider.id,
            evidence=form.cleaned_data["evidence"],
            at=clock.now(),
        )
        return act_and_return(
            request, act, "Your request is with the program's staff.", back_to=back_to
        )
    context = {
        "form": form,
        "shown": shown,
        "contract": contract,
        "days": wait_days(provider),
        "nav_here": "setup",
    }
    return render(request, "groups/recover.html", context)
