"""My account: another e-mail address, another phone number for sign-in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.models import User
from core.accounts.services.accounts import EmailTakenError
from core.accounts.sessions.lifecycle import carry_on, outlives_changes, sign_in_of
from core.accounts.signing_in.allauth_wrapper import note_method
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import client_redirect, get_only, get_or_post, stop_asking
from core.common.masking import mask_phone
from core.mfa.forms import CodeForm, NewEmailForm, PhoneForm
from core.mfa.models import STRONGER, ChangeKind, Channel, ContactChange
from core.mfa.proving.freshness import fresh_sign_in
from core.mfa.selectors import ChallengeView, challenge_state, find_phone
from core.mfa.services.challenges import Verdict
from core.mfa.services.changes import (
    ChangeOverError,
    begin_change,
    find_change,
    owner_of_change,
    prove_change,
    send_change_code,
)
from core.mfa.views.account_shared import methods_for
from core.mfa.views.calls import call_fragment
from core.mfa.views.refusals import why_not_sent, why_not_verified
from tenants.in_hand import contract_of

Context = dict[str, object]


@dataclass(frozen=True)
class _Pages:
    """The addresses and words of one kind of change."""

    kind: ChangeKind
    begin: str
    verify: str
    template: str
    done: str


EMAIL = _Pages(
    ChangeKind.EMAIL,
    "mfa:account_email",
    "mfa:account_email_verify",
    "accounts/my_account/email_verify.html",
    "Your e-mail address was changed. Sign in with the new one from now on.",
)
PHONE = _Pages(
    ChangeKind.PHONE,
    "mfa:account_phone",
    "mfa:account_phone_verify",
    "accounts/my_account/phone_verify.html",
    "Your phone number for sign-in was changed.",
)
FIRST_PHONE = replace(
    PHONE, done="Your phone number was added. You can sign in with Login with Phone from now on."
)


@get_or_post
@keeps_typed(fields_named("email"))
@signed_in
@before_entry
@fresh_sign_in()
def email(request: SignedInRequest) -> HttpResponse:
    """Take the new address and send a code to it."""
    typed = take_typed(request)
    form = NewEmailForm(request.POST or None, initial=typed, present=request.user.email)
    context: Context = {"form": form, "typed_is_back": bool(typed)}
    if request.method == "POST" and form.is_valid():
        begun = _begin(request, EMAIL, form.cleaned_data["email"], Channel.EMAIL.value, context)
        if begun is not None:
            return begun
    return _page(request, "accounts/my_account/email.html", context)


@get_or_post
@signed_in
@before_entry
@outlives_changes
def email_verify(request: SignedInRequest, change_id: UUID) -> HttpResponse:
    """Take the code that the new address got."""
    return _verify(request, EMAIL, change_id)


@get_or_post
@keeps_typed(fields_named("phone"))
@signed_in
@before_entry
@fresh_sign_in()
def phone(request: SignedInRequest) -> HttpResponse:
    """Take the new number and send a code to it, or call it."""
    typed = take_typed(request)
    form = PhoneForm(request.POST or None, initial=typed)
    present = find_phone(request.user.id)
    context: Context = {
        "form": form,
        "typed_is_back": bool(typed),
        "present": mask_phone(present) if present else "",
        "stronger": STRONGER & methods_for(request),
    }
    if request.method == "POST" and form.is_valid():
        begun = _begin(request, PHONE, form.cleaned_data["phone"], _channel(request), context)
        if begun is not None:
            return begun
    return _page(request, "accounts/my_account/phone.html", context)


@get_or_post
@signed_in
@before_entry
@outlives_changes
def phone_verify(request: SignedInRequest, change_id: UUID) -> HttpResponse:
    """Take the code of the text, or go on after the call."""
    is_first = find_phone(request.user.id) is None
    return _verify(request, FIRST_PHONE if is_first else PHONE, change_id)


@get_only
@signed_in
@before_entry
def phone_call_state(request: SignedInRequest, change_id: UUID) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    change = _find(request, PHONE, change_id)
    if change is None:
        return stop_asking()
    return call_fragment(request, _challenge(change), **_call_urls(change))


def _begin(
    request: SignedInRequest, pages: _Pages, destination: str, channel: str, context: Context
) -> HttpResponse | None:
    """Begin a run and lead to its page; None, with the reason in the context, when it cannot."""
    sign_in = sign_in_of(request)
    if sign_in is None:
        return HttpResponseRedirect(reverse("account"))
    contract = contract_of(request)
    try:
        begun = begin_change(
            user_id=request.user.id,
            security_epoch=request.user.security_epoch,
            sign_in=sign_in,
            kind=pages.kind,
            destination=destination,
            channel=channel,
            contract_id=contract.id if contract else None,
            at=clock.now(),
        )
    except ChangeOverError as over:
        return _over(request, pages, over.sentence)
    if begun.change is None:
        context |= why_not_sent(begun.started)
        return None
    return HttpResponseRedirect(reverse(pages.verify, args=[begun.change.id]))


def _verify(request: SignedInRequest, pages: _Pages, change_id: UUID) -> HttpResponse:
    change = _find(request, pages, change_id)
    if change is None:
        return _over(request, pages, ChangeOverError.message)
    act: Callable[[SignedInRequest, _Pages, ContactChange], HttpResponse] | None = {
        "send": _send,
        "verify": _answer,
        "continue": _after_call,
    }.get(request.POST.get("action", ""))
    if act is None:
        return _verify_page(request, pages, change, {"form": CodeForm()})
    try:
        return act(request, pages, change)
    except ChangeOverError as over:
        return _over(request, pages, over.sentence)
    except EmailTakenError:
        # Who reads the mail of an address may know that it has an account.
        return _over(request, pages, "An account already uses this e-mail address.")


def _send(request: SignedInRequest, pages: _Pages, change: ContactChange) -> HttpResponse:
    channel = Channel.EMAIL.value if pages is EMAIL else _channel(request)
    started = send_change_code(change_id=change.id, channel=channel, at=clock.now())
    if started.challenge is not None:
        return HttpResponseRedirect(reverse(pages.verify, args=[change.id]))
    context: Context = {"form": CodeForm(), **why_not_sent(started)}
    return _verify_page(request, pages, change, context)


def _answer(request: SignedInRequest, pages: _Pages, change: ContactChange) -> HttpResponse:
    form = CodeForm(request.POST)
    if form.is_valid():
        proven = prove_change(change_id=change.id, code=form.cleaned_data["code"], at=clock.now())
        if proven.user is not None:
            return _done(request, pages, proven.user, Channel.SMS.value)
        if proven.result.verdict is Verdict.LOCKED:
            return render(request, "mfa/locked.html")
        form.add_error("code", why_not_verified(proven.result))
    return _verify_page(request, pages, change, {"form": form})


def _after_call(request: SignedInRequest, pages: _Pages, change: ContactChange) -> HttpResponse:
    proven = prove_change(change_id=change.id, code=None, at=clock.now())
    if proven.user is not None:
        return _done(request, pages, proven.user, Channel.VOICE.value)
    return _verify_page(request, pages, change, {"form": CodeForm(), "call_pending": True})


def _done(request: SignedInRequest, pages: _Pages, user: User, method: str) -> HttpResponse:
    """Go on as the only session of the account; the new factor counts as proven by it."""
    note_method(request, user, Channel.EMAIL.value if pages is EMAIL else method)
    carry_on(request, user)
    messages.success(request, pages.done)
    return client_redirect(request, HttpResponseRedirect(reverse("account")))


def _over(request: SignedInRequest, pages: _Pages, sentence: str) -> HttpResponse:
    messages.warning(request, sentence)
    return client_redirect(request, HttpResponseRedirect(reverse(pages.begin)))


def _find(request: SignedInRequest, pages: _Pages, change_id: UUID) -> ContactChange | None:
    sign_in = sign_in_of(request)
    if sign_in is None:
        return None
    return find_change(
        change_id=change_id,
        user=request.user,
        sign_in=sign_in,
        kind=pages.kind,
        at=clock.now(),
    )


def _challenge(change: ContactChange) -> ChallengeView | None:
    if change.challenge_id is None:
        return None
    return challenge_state(
        challenge_id=change.challenge_id,
        binding=change.id,
        owner=owner_of_change(change),
        at=clock.now(),
    )


def _call_urls(change: ContactChange) -> dict[str, str]:
    return {
        "poll": reverse("mfa:account_phone_call", args=[change.id]),
        "answer": reverse("mfa:account_phone_verify", args=[change.id]),
    }


def _verify_page(
    request: SignedInRequest, pages: _Pages, change: ContactChange, context: Context
) -> HttpResponse:
    shared: Context = {
        "change": change,
        "challenge": _challenge(change),
        "begin": reverse(pages.begin),
        **_call_urls(change),
    }
    return _page(request, pages.template, shared | context)


def _page(request: HttpRequest, template: str, context: Context) -> HttpResponse:
    return render(request, template, {"nav_here": "account", **context})


def _channel(request: HttpRequest) -> str:
    wants_call = request.POST.get("channel") == Channel.VOICE
    return Channel.VOICE.value if wants_call else Channel.SMS.value
