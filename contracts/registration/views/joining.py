"""Ask to join a provider that somebody has registered already."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.registration.forms.joining import JoinForm
from contracts.registration.models import Journey
from contracts.registration.selectors import find_joining, find_taken
from contracts.registration.views.shared import posted
from contracts.registration.views.start import journey_path
from core.accounts.access import SignedInRequest, signed_in
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post
from core.groups.models import Provider
from core.groups.services.join_requests import ask_to_join
from core.groups.services.roles import holds_own_role
from tenants import registry
from tenants.in_hand import contract_of


@get_or_post
@signed_in
def join(request: SignedInRequest, journey_id: UUID) -> HttpResponse:
    """Offer to ask the admins; nothing of the provider is shown (docs/adr/0021)."""
    journey = find_joining(journey_id, account_id=request.user.id, at=clock.now())
    provider = find_taken(journey) if journey else None
    if journey is None or provider is None:
        return HttpResponseRedirect(reverse("registration:add_provider") + "?ended=1")
    if contract_of(request) != registry.get_contract_by_id(journey.contract_id):
        return HttpResponseRedirect(journey_path(request, journey))
    if holds_own_role(request.user.id, provider):
        messages.info(request, f"{provider.name} is in your account already.")
        return HttpResponseRedirect(reverse("home"))
    form = JoinForm(posted(request))
    if request.method == "POST" and form.is_valid():
        return _ask(request, journey, provider, form.cleaned_data["note"])
    context = {"journey": journey, "form": form}
    return render(request, "registration/join.html", context)


def _ask(request: SignedInRequest, journey: Journey, provider: Provider, note: str) -> HttpResponse:
    try:
        ask_to_join(
            user=request.user,
            provider_id=provider.id,
            number=journey.identifier,
            note=note,
            at=clock.now(),
        )
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "Your request is with the administrators. You will get mail.")
    return HttpResponseRedirect(reverse("own_requests"))
