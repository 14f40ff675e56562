"""The steps between identifier and confirmation."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.timezone import localtime

from contracts.registration.forms.following import AddressForm, TermsForm
from contracts.registration.kinds import LINK_KIND
from contracts.registration.models import Journey, PendingRegistration
from contracts.registration.selectors import local_date
from contracts.registration.services.links import correct_address, resend_link
from contracts.registration.services.registrations import (
    SubmitOutcome,
    save_information,
    submit_registration,
)
from contracts.registration.states import OPEN, RegistrationState
from contracts.registration.views.shared import (
    STEPS,
    journey_page,
    load_journey,
    posted,
    to_page,
    to_start,
)
from contracts.roster.selectors import find_entry
from core.accounts.account_form import AccountForm, initial_information
from core.accounts.services.usernames import (
    UsernameAnswer,
    ask_username,
    may_submit_username,
)
from core.accounts.views.usernames import answer_username
from core.common import clock
from core.common.http import get_only, get_or_post
from core.common.masking import mask_email
from core.notifications.selectors import late_or_back
from tenants.context import ActiveContract
from tenants.in_hand import site_host_of

_NEW_LINK: Final = "We sent a new link. Links that came before it no longer work."
_NEW_ADDRESS: Final = (
    "We corrected the address and sent a new link there. Links that came before it no longer work."
)
_TOO_SOON: Final = (
    "Please wait a moment: we sent an e-mail just now, or several in the last hour. You can ask "
    "for the next one after {}."
)


@get_only
@journey_page
def provider(request: HttpRequest, journey: Journey, contract: ActiveContract) -> HttpResponse:
    """Show the provider found, by name and place."""
    entry = find_entry(journey.roster_entry_id)
    if entry is None:
        return to_start()
    context = {"journey": journey, "entry": entry, "steps": STEPS}
    return render(request, "registration/provider.html", context)


@get_or_post
@journey_page
def information(request: HttpRequest, journey: Journey, contract: ActiveContract) -> HttpResponse:
    """Enter user information; what was kept is there again."""
    form = AccountForm(
        posted(request),
        fields=contract.document.profile.registration,
        initial=initial_information(journey.information),
    )
    form.check_username_at(reverse("registration:username", args=[journey.id]))
    answer = None
    if "check_username" in request.POST:
        answer = ask_username(
            asked_by=journey.id, username=request.POST.get("username", ""), at=clock.now()
        )
        form = AccountForm(fields=form.asked, initial=form.filled())
    elif request.method == "POST" and not _may_be_checked(journey, form):
        answer = UsernameAnswer.WAIT
        form = AccountForm(fields=form.asked, initial=form.filled())
    elif request.method == "POST" and form.is_valid():
        save_information(journey_id=journey.id, information=form.information())
        return to_page("terms_accept", journey)
    context = {
        "journey": journey,
        "entry": find_entry(journey.roster_entry_id),
        "form": form,
        "answer": answer,
        "fax_note": contract.document.profile.registration.fax_note,
        "steps": STEPS,
    }
    status = 429 if answer is UsernameAnswer.WAIT else 200
    return render(request, "registration/information.html", context, status=status)


def _may_be_checked(journey: Journey, form: AccountForm) -> bool:
    """Count a sending, but for a journey's first one that is right: most people send no other."""
    if not journey.information and form.is_valid():
        return True
    return may_submit_username(asked_by=journey.id, at=clock.now())


@get_only
@journey_page
def username(request: HttpRequest, journey: Journey, contract: ActiveContract) -> HttpResponse:
    """Answer, while the information page is filled in, whether a username is free."""
    return answer_username(request, asked_by=journey.id)


@get_or_post
@journey_page
def terms_accept(request: HttpRequest, journey: Journey, contract: ActiveContract) -> HttpResponse:
    """Read and accept the terms of use; accepting submits the registration.

    Terms that were published meanwhile are shown first: nobody accepts what they did not see.
    """
    if not journey.information:
        return to_page("information", journey)
    at = clock.now()
    terms = contract.document.current_terms(local_date(contract.document, at))
    form = TermsForm(posted(request), terms=terms)
    changed = form.is_outdated
    if changed:
        form = TermsForm(terms=terms)
    if form.is_valid():
        result = submit_registration(
            contract=contract,
            journey_id=journey.id,
            terms=terms,
            host=site_host_of(request),
            at=at,
        )
        if result.outcome is SubmitOutcome.USERNAME_TAKEN:
            return _username_taken(request, journey, contract)
        if result.pending is None:
            return render(request, "registration/refused.html", {"steps": STEPS})
        return to_page("confirmation", journey)
    context = {
        "journey": journey,
        "form": form,
        "terms": terms,
        "terms_changed": changed,
        "steps": STEPS,
    }
    return render(request, "registration/terms_accept.html", context)


def _username_taken(
    request: HttpRequest, journey: Journey, contract: ActiveContract
) -> HttpResponse:
    """Show the information page again: somebody took the username meanwhile."""
    fields = contract.document.profile.registration
    form = AccountForm(initial_information(journey.information), fields=fields)
    form.check_username_at(reverse("registration:username", args=[journey.id]))
    form.is_valid()
    context = {
        "journey": journey,
        "entry": find_entry(journey.roster_entry_id),
        "form": form,
        "fax_note": fields.fax_note,
        "action": reverse("registration:information", args=[journey.id]),
        "steps": STEPS,
    }
    return render(request, "registration/information.html", context)


@get_only
def confirmation(request: HttpRequest, journey_id: UUID) -> HttpResponse:
    """Say where the link went, for how long it lives, and what to do when it does not come."""
    journey, contract = load_journey(request, journey_id)
    if journey is None or contract is None:
        return to_start()
    if journey.pending is None:
        return to_page("provider", journey)
    return _confirmation(request, journey, contract, AddressForm())


@get_or_post
def resend(request: HttpRequest, journey_id: UUID) -> HttpResponse:
    """Mail a new link to the same address; the confirmation page says what came of it."""
    journey, _contract = load_journey(request, journey_id)
    if journey is None or journey.pending is None:
        return to_start()
    if request.method == "POST" and not _is_over(journey.pending):
        allowance = resend_link(pending_id=journey.pending.id, at=clock.now())
        _say_what_came(request, _NEW_LINK, retry_at=allowance.retry_at)
    return to_page("confirmation", journey)


@get_or_post
def address(request: HttpRequest, journey_id: UUID) -> HttpResponse:
    """Take a corrected address: a new link goes there, the old one is dead."""
    journey, contract = load_journey(request, journey_id)
    if journey is None or contract is None or journey.pending is None:
        return to_start()
    if request.method != "POST" or _is_over(journey.pending):
        return to_page("confirmation", journey)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _confirmation(request, journey, contract, form)
    result = correct_address(
        pending_id=journey.pending.id, email=form.cleaned_data["email"], at=clock.now()
    )
    _say_what_came(request, _NEW_ADDRESS, retry_at=result.retry_at)
    return to_page("confirmation", journey)


def _say_what_came(request: HttpRequest, done: str, *, retry_at: datetime | None) -> None:
    """Leave a message for the page that follows: a reload or a bookmark sends nothing again."""
    if retry_at is None:
        messages.success(request, done)
    else:
        messages.warning(request, _TOO_SOON.format(format_date(localtime(retry_at), "g:i:s A e")))


def _confirmation(
    request: HttpRequest,
    journey: Journey,
    contract: ActiveContract,
    form: AddressForm,
) -> HttpResponse:
    pending = journey.pending
    if pending is not None and _waits_for_approval(pending):
        return render(request, "registration/waits.html", {"pending": pending})
    if pending is None or _is_over(pending):
        completed = pending is not None and pending.state == RegistrationState.COMPLETED
        return render(request, "registration/over.html", {"completed": completed})
    late, came_back = late_or_back(kind=LINK_KIND, subject_id=pending.id, at=clock.now())
    context = {
        "journey": journey,
        "pending": pending,
        "masked": mask_email(pending.email),
        "minutes": contract.document.links.registration_minutes,
        "late": late,
        "came_back": came_back,
        "form": form,
        "steps": STEPS,
    }
    return render(request, "registration/confirmation.html", context)


def _is_over(pending: PendingRegistration) -> bool:
    return pending.state not in OPEN or pending.reserved_until <= clock.now()


def _waits_for_approval(pending: PendingRegistration) -> bool:
    """Tell whether the person is proven, and staff have not decided yet."""
    return pending.state == RegistrationState.AWAITING and pending.reserved_until > clock.now()
