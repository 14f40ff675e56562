"""Register New Provider +: add a provider to the account that is signed in."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from contracts.registration.forms.following import AdditionForm
from contracts.registration.models import Journey
from contracts.registration.selectors import (
    find_added_provider,
    find_addition,
    find_claimable,
    find_claimed_provider,
    find_proven_entry,
    find_waiting_approval,
    has_accepted_terms,
    local_date,
)
from contracts.registration.services.additions import (
    add_provider as add_provider_to_account,
)
from contracts.registration.services.additions import claim_own_registration, waits_for
from contracts.registration.views.shared import posted
from contracts.registration.views.start import answer_claim, journey_path
from contracts.roster.selectors import find_entry
from core.accounts.access import SignedInRequest, signed_in
from core.accounts.typed_forms import keeps_typed
from core.common import clock
from core.common.http import get_only, get_or_post
from core.common.identifiers import normalize
from core.groups.selectors import list_admin_groups
from core.groups.services.roles import ChangedMeanwhileError
from core.mfa.proving.stepping_up import satisfied, step_up_path
from tenants import registry
from tenants.configuration.document import TermsVersion
from tenants.context import ActiveContract
from tenants.in_hand import contract_of, path_in


def _typed_number(request: HttpRequest) -> dict[str, str]:
    """Return the number that was typed, unless it is the code: some programs take it in both."""
    number, code = request.POST.get("identifier", ""), request.POST.get("code", "")
    return {} if normalize(number) == normalize(code) else {"identifier": number}


@sensitive_post_parameters("code", "remittance_on", "remittance_amount")
@get_or_post
@keeps_typed(_typed_number)
@signed_in
def add_provider(request: SignedInRequest) -> HttpResponse:
    """Take identifier and code of one more provider, by the same rule as a registration."""
    return answer_claim(request, template="registration/add_provider.html", account=request.user)


@get_or_post
@signed_in
def add_confirm(request: SignedInRequest, journey_id: UUID) -> HttpResponse:
    """Show the provider found and, where they are new, the terms; confirming adds it.

    A contract that does not accept how the person signed in asks for more, and nothing is stored.
    """
    at = clock.now()
    journey = find_addition(journey_id, account_id=request.user.id, at=at)
    if journey is None:
        return _ended()
    contract = registry.get_contract_by_id(journey.contract_id)
    if contract_of(request) != contract:
        return HttpResponseRedirect(journey_path(request, journey))
    if journey.provider_id is not None or waits_for(journey.pending, request.user, at):
        return _to_done(request, journey, contract)
    # Who adds a provider administers it, and a contract may ask more of admins.
    if satisfied(request, contract, as_admin=True) is not None:
        back_to = request.get_full_path()
        return HttpResponseRedirect(step_up_path(request, contract, back_to=back_to, as_admin=True))
    return _confirm(request, journey, contract)


def _confirm(request: SignedInRequest, journey: Journey, contract: ActiveContract) -> HttpResponse:
    at = clock.now()
    terms = contract.document.current_terms(local_date(contract.document, at))
    accepted = has_accepted_terms(account_id=request.user.id, contract_id=contract.id, terms=terms)
    groups = list_admin_groups(request.user.id)
    form = AdditionForm(posted(request), terms=terms, accepted=accepted, groups=groups)
    changed = form.is_outdated
    if changed:
        form = AdditionForm(terms=terms, accepted=accepted, groups=groups)
        form.initial["group"] = request.POST.get("group", "")
    if request.method == "POST" and not changed and form.is_valid():
        return _add(request, journey, contract, form, terms)
    entry = find_entry(journey.roster_entry_id)
    if entry is None:
        return _ended()
    context = {
        "entry": entry,
        "journey": journey,
        "terms": terms,
        "form": form,
        "terms_changed": changed,
    }
    return render(request, "registration/add_confirm.html", context)


def _add(
    request: SignedInRequest,
    journey: Journey,
    contract: ActiveContract,
    form: AdditionForm,
    terms: TermsVersion,
) -> HttpResponse:
    try:
        result = add_provider_to_account(
            contract=contract,
            journey_id=journey.id,
            user=request.user,
            group_id=form.chosen_group(),
            terms=terms,
            at=clock.now(),
        )
    except ChangedMeanwhileError as error:
        messages.error(request, error.sentence)
        return HttpResponseRedirect(request.path)
    if result.provider_id is None and not result.waits:
        return render(request, "registration/refused.html", {"signed_in": True})
    return _to_done(request, journey, contract)


def _to_done(
    request: HttpRequest, journey: Journey, contract: ActiveContract
) -> HttpResponseRedirect:
    return HttpResponseRedirect(
        path_in(contract, request, "registration:add_done", journey_id=journey.id)
    )


@get_only
@signed_in
def add_done(request: SignedInRequest, journey_id: UUID) -> HttpResponse:
    """Say that the provider was added, or waits for approval."""
    at = clock.now()
    journey = find_addition(journey_id, account_id=request.user.id, at=at)
    if journey and waits_for(journey.pending, request.user, at):
        approval = find_waiting_approval(journey.pending_id)
        return render(request, "registration/add_waits.html", {"approval": approval})
    provider = find_added_provider(journey) if journey else None
    if provider is None:
        return HttpResponseRedirect(reverse("home"))
    return render(request, "registration/add_done.html", {"provider": provider})


@get_or_post
def add_claimed(request: HttpRequest, pending_id: UUID) -> HttpResponse:
    """Offer, signed in, to take up the registration that was begun under the account's address.

    The mail leads here. GET shows which one and changes nothing; the button takes it up. Who is
    not signed in reads why to sign in, the same for every address of this kind.
    """
    if not request.user.is_authenticated:
        messages.info(request, "Sign in to add your provider to your account.")
    return _claim(request, pending_id)


@signed_in
def _claim(request: SignedInRequest, pending_id: UUID) -> HttpResponse:
    at = clock.now()
    if provider := find_claimed_provider(pending_id, user=request.user):
        messages.info(request, f"{provider.name} is in your account already.")
        return HttpResponseRedirect(reverse("home"))
    if request.method == "POST":
        journey = claim_own_registration(pending_id=pending_id, user=request.user, at=at)
        return HttpResponseRedirect(journey_path(request, journey)) if journey else _ended()
    pending = find_claimable(pending_id, email=request.user.email, at=at)
    entry = find_proven_entry(pending) if pending else None
    if pending is None or entry is None:
        return _ended()
    return render(request, "registration/add_claimed.html", {"entry": entry, "pending": pending})


def _ended() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("registration:add_provider") + "?ended=1")
