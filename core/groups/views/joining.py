"""Requests to join: the queue in Setup, and a person's own."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.access import SignedInRequest, signed_in
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.forms import ApproveJoinForm, RefuseJoinForm
from core.groups.joining import access_own_request, own_recoveries_of, own_requests_of
from core.groups.models import JoinRequest
from core.groups.permissions import Permission
from core.groups.policies import roles_to_give
from core.groups.reach import (
    access_reached_request,
    list_reached_recoveries,
    list_reached_requests,
)
from core.groups.roles import any_may, role_name
from core.groups.services.join_requests import approve_join, refuse_join, withdraw_join
from core.groups.services.roles import roles_held
from core.groups.setup import acting_roles, page_of
from core.groups.states import LIVE_RECOVERIES
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    done,
    refused,
    setup_page,
    setup_render,
)


@get_only
@setup_page(Permission.REQUESTS_DECIDE)
def requests(request: SetupRequest) -> HttpResponse:
    """List who asks to join the admin's providers, oldest first."""
    waiting = list_reached_requests(request.reach).select_related("user", "provider")
    page = page_of(waiting.order_by("asked_at", "id"), request.GET.get("page", ""))
    recoveries = list_reached_recoveries(request.reach).filter(state__in=LIVE_RECOVERIES)
    context = {"page": page, "recoveries": recoveries.order_by("asked_at", "id")}
    return setup_render(request, "requests", context, tab="requests")


@get_or_post
@setup_page(Permission.REQUESTS_DECIDE)
def join_request(request: SetupRequest, request_id: UUID) -> HttpResponse:
    """Show one request; approve it with a role, or refuse it with a reason."""
    found = access_reached_request(request.reach, request_id)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    held = roles_held(request.user.id, found.provider)
    acting, contract_id = (
        acting_roles(request.reach, held, found.provider),
        found.provider.contract_id,
    )
    roles = roles_to_give(acting, Permission.REQUESTS_DECIDE, contract_id=contract_id)
    approving = ApproveJoinForm(request.POST if act == "approve" else None, roles=roles)
    refusing = RefuseJoinForm(request.POST if act == "refuse" else None)
    if approving.is_bound and approving.is_valid():
        return _approve(request, found, approving)
    if refusing.is_bound and refusing.is_valid():
        return _refuse(request, found, refusing)
    context = {
        "found": found,
        "is_open": found.is_waiting,
        "may_invite": any_may(held, Permission.USERS_INVITE, contract_id),
        "approving": approving,
        "refusing": refusing,
        "form": refusing if refusing.is_bound else approving,
    }
    return setup_render(request, "request", context, tab="requests")


@get_only
@signed_in
def own_requests(request: SignedInRequest) -> HttpResponse:
    """Show a person what they asked for, and what became of it."""
    context = {
        "requests": own_requests_of(request.user),
        "recoveries": own_recoveries_of(request.user),
        "nav_here": "providers",
    }
    return render(request, "groups/own_requests.html", context)


@require_POST
@signed_in
def withdraw(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Take back one's own request."""
    found = access_own_request(request.user, request_id)
    back_to = reverse("own_requests")
    act = partial(withdraw_join, request_id=found.id, by=request.user.id, at=clock.now())
    return act_and_return(request, act, "Your request was withdrawn.", back_to=back_to)


def _approve(request: SetupRequest, found: JoinRequest, form: ApproveJoinForm) -> HttpResponse:
    at, role = clock.now(), form.chosen()
    try:
        approve_join(
            request_id=found.id,
            role=role,
            by=request.user.id,
            entered=request.reach.entered,
            at=at,
        )
    except DomainError as error:
        return _lead_back(request, found, error)
    name = role_name(role, found.provider.contract_id)
    told = f"{found.asker_name} is now {name} of {found.provider.name}."
    return done(request, f"{told} They have mail.", back_to=reverse("setup:requests"))


def _refuse(request: SetupRequest, found: JoinRequest, form: RefuseJoinForm) -> HttpResponse:
    reason = form.cleaned_data["reason"]
    try:
        refuse_join(request_id=found.id, reason=reason, by=request.user.id, at=clock.now())
    except DomainError as error:
        return _lead_back(request, found, error)
    told = f"The request of {found.asker_name} was refused. They have mail."
    return done(request, told, back_to=reverse("setup:requests"))


def _lead_back(request: SetupRequest, found: JoinRequest, error: DomainError) -> HttpResponse:
    """Show the request as it is now, with why nothing was done."""
    return refused(request, error, back_to=reverse("setup:request", args=[found.id]))
