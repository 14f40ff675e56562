"""Identifier and code: the first page of registration, and of adding a provider."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from contracts.registration.forms.start import PORTAL_REGISTRATION, CodeRequestForm, StartForm
from contracts.registration.models import Journey, JourneyPurpose
from contracts.registration.selectors import find_proven_entry, is_open, list_choices
from contracts.registration.services.code_requests import request_code
from contracts.registration.services.journeys import StartOutcome, StartResult, start_registration
from contracts.registration.views.shared import (
    STEPS,
    held_journeys,
    hold_journeys,
    posted,
    remote_address,
)
from core.accounts.models import User
from core.accounts.policies import find_contract
from core.accounts.typed_forms import take_typed
from core.common import clock
from core.common.http import get_only, get_or_post
from tenants import registry
from tenants.in_hand import contract_of, path_in

_FIRST_PAGES: Final = {
    JourneyPurpose.REGISTER: "registration:provider",
    JourneyPurpose.ADD_PROVIDER: "registration:add_confirm",
    JourneyPurpose.JOIN: "registration:join",
}
_SENSITIVE = sensitive_post_parameters("code", "remittance_on", "remittance_amount")


@_SENSITIVE
@get_or_post
def start(request: HttpRequest) -> HttpResponse:
    """Specify your organization. Somebody who is signed in adds a provider instead."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("registration:add_provider"))
    return answer_claim(request, template="registration/start.html", account=None)


def answer_claim(request: HttpRequest, *, template: str, account: User | None) -> HttpResponse:
    """Show the form, and answer identifier and code; every failure has the same answer."""
    contract = contract_of(request)
    if contract is not None and not is_open(contract.document, clock.now()):
        return render(request, "registration/closed.html", {"section": contract.document.contract})
    typed = take_typed(request) if account else {}
    form = StartForm(posted(request), initial=typed, contract=contract)
    if request.method != "POST" or not form.is_valid():
        return _page(request, template, form, None, typed_is_back=bool(typed))
    result = start_registration(
        contract=contract,
        identifier=form.typed_identifier,
        code=form.typed_code,
        address=remote_address(),
        account_id=account.id if account else None,
        at=clock.now(),
    )
    if result.outcome is StartOutcome.REFUSED and form.note_mistyped_npi():
        return _page(request, template, form, None)
    if not result.journeys:
        return _page(request, template, form, result)
    if account is None:
        hold_journeys(request, result.journeys)
    return _go_on(request, result.journeys)


def _go_on(request: HttpRequest, journeys: Sequence[Journey]) -> HttpResponse:
    journey = journeys[0]
    if len(journeys) > 1:
        return HttpResponseRedirect(reverse("registration:choose", args=[journey.group_id]))
    return HttpResponseRedirect(journey_path(request, journey))


def journey_path(request: HttpRequest, journey: Journey) -> str:
    """Return the path of the page that a journey begins with, in its own contract."""
    contract = registry.get_contract_by_id(journey.contract_id)
    page = _FIRST_PAGES[JourneyPurpose(journey.purpose)]
    return path_in(contract, request, page, journey_id=journey.id)


def _page(
    request: HttpRequest,
    template: str,
    form: StartForm,
    result: StartResult | None,
    *,
    typed_is_back: bool = False,
) -> HttpResponse:
    contract = contract_of(request)
    throttled = result is not None and result.outcome is StartOutcome.THROTTLED
    context = {
        "form": form,
        "typed_is_back": typed_is_back,
        "failed": result is not None and not throttled,
        "throttled": throttled,
        "retry_at": result.retry_at if result else None,
        "offer_id": result.offer_id if result else None,
        "ended": "ended" in request.GET,
        "registration": contract.document.registration if contract else PORTAL_REGISTRATION,
        "steps": STEPS,
    }
    return render(request, template, context, status=429 if throttled else 200)


@get_only
def choose(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Pick the program (or the location) where identifier and code fit more than one."""
    account = request.user if isinstance(request.user, User) else None
    journeys = list_choices(
        group_id,
        account_id=account.id if account else None,
        held=held_journeys(request),
        at=clock.now(),
    )
    if not journeys:
        return HttpResponseRedirect(reverse("registration:start") + "?ended=1")
    # A program that was suspended meanwhile is left out, while there is another to choose.
    choices = [
        {
            "contract": contract,
            # Who asks to join is told nothing of the provider.
            "entry": None if journey.purpose == JourneyPurpose.JOIN else find_proven_entry(journey),
            "path": journey_path(request, journey),
        }
        for journey in journeys
        if (contract := find_contract(journey.contract_id)) is not None
    ]
    if not choices:
        raise registry.UnknownContractError(str(journeys[0].contract_id))
    return render(request, "registration/choose.html", {"choices": choices, "steps": STEPS})


@get_or_post
def no_code(request: HttpRequest) -> HttpResponse:
    """Say what the code is and who gives it; where the contract allows, send a new one."""
    contract = contract_of(request)
    if contract is None:
        return render(request, "registration/no_code.html", {"registration": PORTAL_REGISTRATION})
    section = contract.document.registration
    context: dict[str, object] = {"registration": section}
    status = 200
    if section.code_to_address_on_file:
        form = CodeRequestForm(posted(request), contract=contract)
        context["form"] = form
        if request.method == "POST" and form.is_valid():
            allowance = request_code(
                contract=contract,
                identifier=form.cleaned_data["identifier"],
                address=remote_address(),
                at=clock.now(),
            )
            context |= {"sent": allowance.allowed, "retry_at": allowance.retry_at}
            status = 200 if allowance.allowed else 429
    return render(request, "registration/no_code.html", context, status=status)
