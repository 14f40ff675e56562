"""Register New Provider +: add a provider to the account that is signed in."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from contracts.registration.forms.following import TermsForm
from contracts.registration.models import Journey
from contracts.registration.selectors import (
    find_added_provider,
    find_addition,
    has_accepted_terms,
    local_date,
)
from contracts.registration.services.additions import (
    add_provider as add_provider_to_account,
)
from contracts.registration.services.additions import claim_own_registration
from contracts.registration.views.shared import contract_of, path_in, posted
from contracts.registration.views.start import answer_claim, journey_path
from contracts.roster.selectors import find_entry
from core.accounts.access import SignedInRequest, signed_in
from core.common import clock
from tenants import registry
from tenants.context import ActiveContract


@sensitive_post_parameters("code", "remittance_on", "remittance_amount")
@require_http_methods(["GET", "POST"])
@signed_in
def add_provider(request: SignedInRequest) -> HttpResponse:
    """Take identifier and code of one more provider, by the same rule as a registration."""
    return answer_claim(request, template="registration/add_provider.html", account=request.user)


@require_http_methods(["GET", "POST"])
@signed_in
def add_confirm(request: SignedInRequest, journey_id: UUID) -> HttpResponse:
    """Show the provider found and, where they are new, the terms; confirming adds it."""
    at = clock.now()
    journey = find_addition(journey_id, account_id=request.user.id, at=at)
    if journey is None:
        return HttpResponseRedirect(reverse("registration:add_provider") + "?ended=1")
    contract = registry.get_contract_by_id(journey.contract_id)
    if contract_of(request) != contract:
        return HttpResponseRedirect(journey_path(request, journey))
    if journey.provider_id is not None:
        return _to_done(request, journey, contract)
    return _confirm(request, journey, contract)


def _confirm(request: SignedInRequest, journey: Journey, contract: ActiveContract) -> HttpResponse:
    at = clock.now()
    terms = contract.document.current_terms(local_date(contract.document, at))
    accepted = has_accepted_terms(account_id=request.user.id, contract_id=contract.id, terms=terms)
    form = TermsForm(posted(request), terms=terms)
    changed = form.is_outdated and not accepted
    if changed:
        form = TermsForm(terms=terms)
    if request.method == "POST" and (accepted or form.is_valid()):
        result = add_provider_to_account(
            contract=contract, journey_id=journey.id, user=request.user, terms=terms, at=at
        )
        if result.provider_id is None:
            return render(request, "registration/refused.html", {"signed_in": True})
        return _to_done(request, journey, contract)
    entry = find_entry(journey.roster_entry_id)
    if entry is None:
        return HttpResponseRedirect(reverse("registration:add_provider") + "?ended=1")
    context = {
        "entry": entry,
        "journey": journey,
        "terms": terms,
        "form": None if accepted else form,
        "terms_changed": changed,
    }
    return render(request, "registration/add_confirm.html", context)


def _to_done(
    request: HttpRequest, journey: Journey, contract: ActiveContract
) -> HttpResponseRedirect:
    return HttpResponseRedirect(
        path_in(contract, request, "registration:add_done", journey_id=journey.id)
    )


@require_GET
@signed_in
def add_done(request: SignedInRequest, journey_id: UUID) -> HttpResponse:
    """Say that the provider was added."""
    journey = find_addition(journey_id, account_id=request.user.id, at=clock.now())
    provider = find_added_provider(journey) if journey else None
    if provider is None:
        return HttpResponseRedirect(reverse("home"))
    return render(request, "registration/add_done.html", {"provider": provider})


@require_GET
@signed_in
def add_claimed(request: SignedInRequest, pending_id: UUID) -> HttpResponse:
    """Take up, signed in, the registration that was begun under the account's own address."""
    journey = claim_own_registration(pending_id=pending_id, user=request.user, at=clock.now())
    if journey is None:
        return HttpResponseRedirect(reverse("registration:add_provider") + "?ended=1")
    return HttpResponseRedirect(journey_path(request, journey))
