"""Having trouble logging in?: what the page of choices leads to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from core.accounts.models import User
from core.accounts.passwords.hashers import HashingBusyError
from core.common import clock
from core.common.context import current_context
from core.common.http import get_only, get_or_post
from core.mfa.help.forms import HelpForm, ReminderForm, UnfinishedForm
from core.mfa.models import HelpKind
from core.mfa.services.help_requests import open_help_request
from core.mfa.services.unfinished import remind_of_address, request_unfinished_link
from core.notifications.selectors import delivery_is_late
from tenants.in_hand import contract_of

_REFERENCE_KEY = "help_reference"
_TOO_MANY = 429
_BUSY = 503


@dataclass(frozen=True)
class HelpWords:
    """What the page of one kind of request says."""

    title: str
    lead: str


WORDS = {
    HelpKind.LOST_PHONE: HelpWords(
        "My phone is lost, or its number has changed",
        "The help desk makes sure that it is you and resets your registration. You then get a "
        "mail, and choose a method and a phone anew.",
    ),
    HelpKind.LOCKED: HelpWords(
        "My account is locked, and I cannot open it myself",
        "The help desk makes sure that it is you and opens your account.",
    ),
    HelpKind.INACTIVE: HelpWords(
        "My account is not active",
        "An account that was not used for a long time, or whose owner left, is not active. The "
        "help desk finds out who may activate yours.",
    ),
    HelpKind.FORGOTTEN_ADDRESS: HelpWords(
        "I know neither the address nor the username of my account",
        "The help desk finds your account by your name and provider, and makes sure that it is "
        "you.",
    ),
    HelpKind.NO_ADMIN: HelpWords(
        "Nobody knows who administers our provider",
        "The help desk finds out who is the Provider Group Admin, or makes one with you.",
    ),
    HelpKind.TAKEN_OVER: HelpWords(
        "Somebody else changed my account",
        "The help desk closes the account, makes sure that it is you and gives it back to you. If "
        "you can, call the contact on this page as well.",
    ),
}


@sensitive_post_parameters("password")
@get_or_post
def help_unfinished(request: HttpRequest) -> HttpResponse:
    """Send a new link for an MFA registration that was begun; the answer is always the same."""
    form = UnfinishedForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    status = 200
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        try:
            taken = request_unfinished_link(
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password"],
                address=current_context().remote_address,
                at=at,
            )
        except HashingBusyError as busy:
            form.add_error(None, busy.sentence)
            status = _BUSY
        else:
            context |= _after(taken=taken, at=at)
            status = 200 if taken else _TOO_MANY
    return render(request, "mfa/help_unfinished.html", context, status=status)


@get_or_post
def help_address(request: HttpRequest) -> HttpResponse:
    """Mail the address of an account to that address; the answer is always the same."""
    form = ReminderForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    status = 200
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        taken = remind_of_address(
            username=form.cleaned_data["username"],
            contract_id=_contract_id(request),
            address=current_context().remote_address,
            at=at,
        )
        context |= _after(taken=taken, at=at)
        status = 200 if taken else _TOO_MANY
    return render(request, "mfa/help_address.html", context, status=status)


@get_or_post
def help_request(request: HttpRequest, kind: str) -> HttpResponse:
    """Take a request to the help desk; it never says whether an account exists."""
    if kind not in HelpKind.values:
        raise Http404
    chosen = HelpKind(kind)
    person = request.user if isinstance(request.user, User) else None
    form = HelpForm(request.POST or None, kind=chosen, is_signed_in=person is not None)
    context: dict[str, object] = {"form": form, "words": WORDS[chosen], "kind": kind}
    if request.method != "POST" or not form.is_valid():
        return render(request, "mfa/help_request.html", context)
    answer = open_help_request(
        kind=chosen,
        facts=form.facts(),
        contract_id=_contract_id(request),
        address=current_context().remote_address,
        by=person,
        at=clock.now(),
    )
    if answer.request is None:
        context["retry_at"] = answer.retry_at
        return render(request, "mfa/help_request.html", context, status=_TOO_MANY)
    request.session[_REFERENCE_KEY] = answer.request.reference
    return HttpResponseRedirect(reverse("mfa:help_requested"))


@get_only
def help_requested(request: HttpRequest) -> HttpResponse:
    """Say that the request was received, under which number, and what follows."""
    if _REFERENCE_KEY not in request.session:
        return HttpResponseRedirect(reverse("mfa_help"))
    reference = request.session[_REFERENCE_KEY]
    return render(request, "mfa/help_requested.html", {"reference": reference})


def _after(*, taken: bool, at: datetime) -> dict[str, object]:
    return {"taken": taken, "refused": not taken, "late": delivery_is_late(at=at)}


def _contract_id(request: HttpRequest) -> UUID | None:
    contract = contract_of(request)
    return contract.id if contract else None
