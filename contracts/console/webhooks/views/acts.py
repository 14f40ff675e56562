"""What is done with an endpoint: each asks first, with a fresh sign-in, and is recorded."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contracts.console.webhooks.forms import ReplayManyForm, RotateForm
from contracts.console.webhooks.views.endpoints import page, to_endpoint
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.forms import ReasonForm
from core.staff.permissions import StaffPermission
from core.webhooks.access import access_delivery, access_endpoint_to_manage
from core.webhooks.services.endpoints import (
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    rotate_secret,
    send_test,
)
from core.webhooks.services.replaying import MOST_AT_ONCE, replay_deliveries, replay_delivery

_MANAGE: Final = StaffPermission.WEBHOOKS_MANAGE


@get_or_post
@keeps_typed(fields_named("at_once"))
@staff_page(_MANAGE)
def rotate(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Give an endpoint a new secret, and show it once."""
    found, at = access_endpoint_to_manage(request.staff, endpoint_id), clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = rotate_secret(
                endpoint_id=found.pk,
                at_once=form.cleaned_data["at_once"],
                by=request.staff.user.pk,
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return page(request, "secret", {"endpoint": made.endpoint, "secret": made.secret})
    return page(request, "rotate", {"endpoint": found, "form": form})


@get_or_post
@staff_page(_MANAGE)
def test(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Send an event that means nothing."""
    found, at = access_endpoint_to_manage(request.staff, endpoint_id), clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    if request.method == "POST":
        made = send_test(endpoint_id=found.pk, by=request.staff.user.pk, at=at)
        messages.success(request, "A test event is on its way. Look at it in a moment.")
        if made is None:
            return to_endpoint(found.pk)
        path = reverse("webhooks:delivery", args=[found.pk, made.message_id])
        return HttpResponseRedirect(path)
    return page(request, "test", {"endpoint": found})


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_MANAGE)
def pause(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Send nothing for a while."""
    found, by = access_endpoint_to_manage(request.staff, endpoint_id), request.staff.user.pk

    def act(reason: str, at: datetime) -> HttpResponse:
        done = pause_endpoint(endpoint_id=found.pk, reason=reason, by=by, at=at)
        messages.success(request, "It is paused." if done else "It was paused already.")
        return to_endpoint(found.pk)

    return _for_a_reason(request, "pause", {"endpoint": found}, act)


@get_or_post
@staff_page(_MANAGE)
def resume(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Send again, with what has waited."""
    found, at = access_endpoint_to_manage(request.staff, endpoint_id), clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    if request.method == "POST":
        done = resume_endpoint(endpoint_id=found.pk, by=request.staff.user.pk, at=at)
        messages.success(request, "It is active again." if done else "It was active already.")
        return to_endpoint(found.pk)
    return page(request, "resume", {"endpoint": found})


@get_or_post
@keeps_typed(fields_named("reason", "since", "which"))
@staff_page(_MANAGE)
def replay_many(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Send an endpoint's deliveries since a day again."""
    found, at = access_endpoint_to_manage(request.staff, endpoint_id), clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReplayManyForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        done = replay_deliveries(
            endpoint=found,
            since=form.cleaned_data["since"],
            only_dead=form.cleaned_data["which"],
            reason=form.cleaned_data["reason"],
            by=request.staff.user.pk,
            at=at,
        )
        words = f"{done} deliver{'y is' if done == 1 else 'ies are'} sent again."
        messages.success(request, words if done else "There was nothing to send again.")
        return to_endpoint(found.pk)
    context = {
        "endpoint": found,
        "form": form,
        "most": MOST_AT_ONCE,
        "typed_is_back": bool(typed),
    }
    return page(request, "replay_many", context)


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_MANAGE)
def replay(request: StaffRequest, endpoint_id: UUID, message_id: UUID) -> HttpResponse:
    """Send one delivery again."""
    access_endpoint_to_manage(request.staff, endpoint_id)
    found = access_delivery(request.staff, endpoint_id, message_id)

    def act(reason: str, at: datetime) -> HttpResponse:
        by = request.staff.user.pk
        done = replay_delivery(delivery_id=found.pk, reason=reason, by=by, at=at)
        messages.success(request, "It is sent again." if done else "It waits already.")
        path = reverse("webhooks:delivery", args=[endpoint_id, message_id])
        return HttpResponseRedirect(path)

    context = {"endpoint": found.endpoint, "delivery": found}
    return _for_a_reason(request, "replay", context, act)


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page(_MANAGE)
def delete(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Delete an endpoint with what waits for it."""
    found, by = access_endpoint_to_manage(request.staff, endpoint_id), request.staff.user.pk

    def act(reason: str, at: datetime) -> HttpResponse:
        delete_endpoint(endpoint_id=found.pk, reason=reason, by=by, at=at)
        messages.success(request, "The endpoint is deleted.")
        return HttpResponseRedirect(reverse("webhooks:endpoints"))

    return _for_a_reason(request, "delete", {"endpoint": found}, act)


def _for_a_reason(
    request: StaffRequest,
    name: str,
    context: Mapping[str, object],
    act: Callable[[str, datetime], HttpResponse],
) -> HttpResponse:
    """Ask for a reason, with a fresh sign-in, and act with it."""
    at = clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        return act(form.cleaned_data["reason"], at)
    return page(request, name, {**context, "form": form, "typed_is_back": bool(typed)})
