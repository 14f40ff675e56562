"""The pages of MFA registration: method, e-mail address, password, phone."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from core.accounts.passwords.hashers import HashingBusyError
from core.accounts.passwords.rules import describe_rules
from core.accounts.policies import password_rules
from core.accounts.services.passwords import WeakPasswordError
from core.common import clock
from core.common.http import get_only, get_or_post, stop_asking
from core.mfa.forms import CodeForm, EmailForm, PasswordForm, PhoneForm
from core.mfa.models import STRONGER, Channel, MfaMethod, MfaRegistration
from core.mfa.registering.journey import find_own_registration
from core.mfa.registering.sources import SourceDescription, SourceGoneError
from core.mfa.registering.states import Step, pending_step
from core.mfa.services.registrations import (
    EmailOutcome,
    FixedAddressError,
    MethodNotOfferedError,
    change_email,
    choose_method,
    confirm_call,
    describe,
    send_email_code,
    send_phone_code,
    set_password,
    verify_email,
    verify_phone,
)
from core.mfa.views.calls import call_fragment
from core.mfa.views.refusals import why_not_sent, why_not_verified
from core.mfa.views.registration_pages import (
    finish_registration,
    registration_challenge,
    registration_page,
    step_page,
    to_pending,
)
from tenants.in_hand import brand_of

Context = dict[str, object]
CURRENT = {"method": 1, "email": 2, "password": 3, "phone": 4, "phone_verify": 4}


@get_or_post
@registration_page(Step.METHOD)
def method(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    """Choose one of the methods that the program offers."""
    error = ""
    if request.method == "POST":
        try:
            registration = choose_method(
                registration_id=registration.id,
                method=request.POST.get("method", ""),
                at=clock.now(),
            )
            if pending_step(registration) is Step.COMPLETE:
                return finish_registration(request, registration, at=clock.now())
            return to_pending(registration)
        except MethodNotOfferedError as refusal:
            error = refusal.sentence
    offered = [name for name in MfaMethod.values if name in person.methods]
    context: Context = {
        "offered": offered,
        "error": error,
        "stronger": STRONGER & set(offered),
    }
    return _page(request, "method", registration, context)


@get_or_post
@registration_page(Step.EMAIL)
def email(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    """Send a code to the address, verify it, or change the address."""
    action = request.POST.get("action", "")
    if pending_step(registration) is not Step.EMAIL and action != "change":
        return to_pending(registration)
    if action == "send":
        return _send_email(request, registration, person)
    if action == "verify":
        return _verify_email(request, registration, person)
    if action == "change":
        change_email(registration_id=registration.id, at=clock.now())
        return HttpResponseRedirect(reverse("mfa:email"))
    return _email_page(request, registration, person, {})


def _send_email(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    posted = {"email": registration.email} if registration.email_is_fixed else {}
    form = EmailForm(posted | request.POST.dict())
    if not form.is_valid():
        return _email_page(request, registration, person, {"form": form, "ask_address": True})
    try:
        started = send_email_code(
            registration_id=registration.id, email=form.cleaned_data["email"], at=clock.now()
        )
    except FixedAddressError as refusal:
        form.add_error(None, refusal.sentence)
        return _email_page(request, registration, person, {"form": form, "ask_address": True})
    if started.challenge is not None:
        return HttpResponseRedirect(reverse("mfa:email"))
    return _email_page(request, registration, person, why_not_sent(started))


def _verify_email(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _email_page(request, registration, person, {"form": form})
    answer = verify_email(
        registration_id=registration.id, code=form.cleaned_data["code"], at=clock.now()
    )
    if answer.outcome is EmailOutcome.VERIFIED:
        return to_pending(MfaRegistration.objects.get(pk=registration.pk))
    if answer.outcome is EmailOutcome.TAKEN:
        return render(request, "mfa/email_taken.html", {"email": registration.email})
    form.add_error("code", why_not_verified(answer.result))
    return _email_page(request, registration, person, {"form": form})


def _email_page(
    request: HttpRequest,
    registration: MfaRegistration,
    person: SourceDescription,
    extra: Context,
) -> HttpResponse:
    challenge = registration_challenge(registration, person, Step.EMAIL)
    ask_address = bool(extra.pop("ask_address", False)) or challenge is None
    form = EmailForm(initial={"email": registration.email}) if ask_address else CodeForm()
    context = {"form": form, "challenge": challenge, "ask_address": ask_address, **extra}
    return _page(request, "email", registration, context)


@sensitive_post_parameters("password", "confirmation")
@get_or_post
@registration_page(Step.PASSWORD)
def password(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    """Set the password, with the rules beside the field."""
    rules = password_rules(person.policy)
    form = PasswordForm(request.POST or None, rules=rules)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            changed = set_password(
                registration_id=registration.id,
                password=form.cleaned_data["password"],
                brand=brand_of(request),
                at=clock.now(),
            )
            if pending_step(changed) is Step.COMPLETE:
                return finish_registration(request, changed, at=clock.now())
            return to_pending(changed)
        except WeakPasswordError as refusal:
            for problem in refusal.problems:
                form.add_error("password", problem)
        except HashingBusyError as busy:
            form.add_error(None, busy.sentence)
            status = 503
    context: Context = {"form": form, "rules": describe_rules(rules)}
    return _page(request, "password", registration, context, status=status)


@get_or_post
@registration_page(Step.PHONE)
def phone(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    """Give a number and have a code sent, or be called."""
    form = PhoneForm(request.POST or None, initial={"phone": registration.phone})
    context: Context = {"form": form, "stronger": STRONGER & set(person.methods)}
    if request.method == "POST" and form.is_valid():
        started = send_phone_code(
            registration_id=registration.id,
            phone=form.cleaned_data["phone"],
            channel=_phone_channel(request),
            at=clock.now(),
        )
        if started.challenge is not None:
            return HttpResponseRedirect(reverse("mfa:phone_verify"))
        context |= why_not_sent(started)
    return _page(request, "phone", registration, context)


@get_or_post
@registration_page(Step.PHONE)
def phone_verify(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    """Type the code of the text, or answer the call and go on."""
    if registration.phone_challenge_id is None:
        return HttpResponseRedirect(reverse("mfa:phone"))
    action = request.POST.get("action", "")
    if action == "send":
        return _send_again(request, registration, person)
    form = CodeForm(request.POST if action == "verify" else None)
    context: Context = {"form": form}
    if action == "verify" and form.is_valid():
        result = verify_phone(
            registration_id=registration.id, code=form.cleaned_data["code"], at=clock.now()
        )
        if result.is_ok:
            return finish_registration(request, registration, at=clock.now())
        form.add_error("code", why_not_verified(result))
    if action == "continue":
        if confirm_call(registration_id=registration.id, at=clock.now()).is_ok:
            return finish_registration(request, registration, at=clock.now())
        context["call_pending"] = True
    return _phone_page(request, registration, person, context)


def _send_again(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    started = send_phone_code(
        registration_id=registration.id,
        phone=registration.phone,
        channel=_phone_channel(request),
        at=clock.now(),
    )
    if started.challenge is not None:
        return HttpResponseRedirect(reverse("mfa:phone_verify"))
    context: Context = {"form": CodeForm(), **why_not_sent(started)}
    return _phone_page(request, registration, person, context)


def _phone_page(
    request: HttpRequest,
    registration: MfaRegistration,
    person: SourceDescription,
    context: Context,
) -> HttpResponse:
    challenge = registration_challenge(registration, person, Step.PHONE)
    shown = {"challenge": challenge, **_call_urls(), **context}
    return _page(request, "phone_verify", registration, shown)


def _call_urls() -> dict[str, str]:
    return {"poll": reverse("mfa:call_state"), "answer": reverse("mfa:phone_verify")}


def _phone_channel(request: HttpRequest) -> str:
    wants_call = request.POST.get("channel") == Channel.VOICE
    return Channel.VOICE.value if wants_call else Channel.SMS.value


def _page(
    request: HttpRequest,
    name: str,
    registration: MfaRegistration,
    context: Context,
    *,
    status: int = 200,
) -> HttpResponse:
    return step_page(request, name, registration, context, current=CURRENT[name], status=status)


@get_only
def call_state(request: HttpRequest) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    registration = find_own_registration(request)
    if registration is None or pending_step(registration) is not Step.PHONE:
        return stop_asking()
    try:
        challenge = registration_challenge(registration, describe(registration), Step.PHONE)
    except SourceGoneError:
        return stop_asking()
    return call_fragment(request, challenge, **_call_urls())


@get_only
def paused(request: HttpRequest) -> HttpResponse:
    """Say, after Cancel, that nothing is lost and how to go on."""
    registration = find_own_registration(request)
    return render(request, "mfa/paused.html", {"can_continue": registration is not None})
