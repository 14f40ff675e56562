"""Ask for elevated rights, and give them up."""

from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.paths import own_path_or
from core.accounts.sessions.lifecycle import sign_in_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.elevation import elevation_words, had_elevation, may_be_elevated
from core.staff.forms import ReasonForm
from core.staff.refusing import refuse_staff
from core.staff.services.elevating import begin_elevation, give_elevation_up
from tenants import registry

_TARGET: Final = "staff:home"


class ElevationForm(ReasonForm):
    """Why somebody needs elevated rights, and where they wanted to go."""

    next = forms.CharField(required=False, widget=forms.HiddenInput)


@get_or_post
@keeps_typed(fields_named("reason", "next"))
@staff_page()
def elevate(request: StaffRequest) -> HttpResponse:
    """After a fresh sign-in and with a reason, hold elevated rights for some minutes."""
    wanted = may_be_elevated(request.staff)
    sign_in = sign_in_of(request)
    if not wanted or sign_in is None:
        refuse_staff(request.user.id, "elevation")
    if request.staff.elevation is not None:
        return HttpResponseRedirect(_target(request))
    at = clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    asked = {"next": request.GET.get("next", ""), **typed}
    form = ElevationForm(request.POST or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        begin_elevation(user_id=request.user.id, sign_in=sign_in, reason=reason, at=at)
        return HttpResponseRedirect(_target(request))
    lost, asked_for = "lost" in request.GET, request.GET.get("for", "")
    context = {
        "form": form,
        "wanted_for": elevation_words([one for one in wanted if one == asked_for]),
        "lost": lost,
        "had": lost and had_elevation(request.staff, sign_in),
        "minutes": registry.get_deployment().elevation.minutes,
        "rights": elevation_words(wanted),
        "back_url": reverse(_TARGET),
        "typed_is_back": bool(typed.get("reason")),
    }
    return render(request, "staff/elevate.html", context)


@staff_page()
@require_POST
def give_up(request: StaffRequest) -> HttpResponse:
    """End the session's elevated rights; for whoever holds none there is nothing to end."""
    sign_in = sign_in_of(request)
    if sign_in is not None and give_elevation_up(sign_in=sign_in, at=clock.now()):
        messages.success(request, "Your elevated rights have ended.")
    return HttpResponseRedirect(reverse(_TARGET))


def _target(request: StaffRequest) -> str:
    sent = request.POST if request.method == "POST" else request.GET
    return own_path_or(_TARGET, sent.get("next", ""))
