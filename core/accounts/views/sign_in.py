"""Login options, address and password, and out again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from core.accounts.forms import RememberForm, SignInForm
from core.accounts.models import User
from core.accounts.passwords.hashers import HashingBusyError
from core.accounts.paths import is_own_path, leads_to_staff_pages, own_path_or
from core.accounts.policies import OfferedOptions, offered_options
from core.accounts.services.sign_in import check_password_of, record_session_end
from core.accounts.sessions.lifecycle import ended_reason
from core.accounts.signing_in.allauth_wrapper import (
    SignInAttempt,
    begin_sign_in,
    drop_sign_in,
    sign_in_remembered,
)
from core.accounts.signing_in.remembering import browser_memory
from core.common import clock
from core.common.context import current_context
from core.common.http import get_or_post
from core.common.ids import uuid7
from tenants.in_hand import contract_key_of, contract_of

NEXT_KEY = "portal_next"
REMEMBER_KEY = "remember"
REGISTERED_KEY = "registered"
"""In the address for whoever came by the first-login page and needs it no more."""
LOGIN_OPTIONS = {
    "phone": "Phone",
    "email": "Email",
    "totp": "Authenticator app",
    "passkey": "Passkey",
}
"""The login options and how their buttons go on: *Login with …*."""
REFUSED = (
    "We could not sign you in. Check the e-mail address and the password. After several failed "
    "tries an account is locked, and its owner gets a mail about it."
)
ENDED_WORDS = {
    "idle": "You were signed out because nothing happened for a while.",
    "too_old": "You were signed out because the longest time for one sign-in was over.",
    "account_changed": "You were signed out because something about your account changed.",
    "policy_changed": "You were signed out because a program changed its security rules.",
    "other_host": "Sign in to continue here.",
    "elsewhere": "You were signed out here or from another browser.",
}


@get_or_post
def login_options(request: HttpRequest) -> HttpResponse:
    """Show how one can sign in here, and take the choice; who is signed in goes home.

    The choice is a POST: a remembered browser is signed in or forgotten by it, which no link of
    another site may do.
    """
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("home"))
    options = offered_options(contract_of(request))
    if request.method == "POST":
        return _choose(request, options)
    wanted = request.GET.get("next", "")
    if wanted and is_own_path(wanted):
        request.session[NEXT_KEY] = wanted
    known = browser_memory().recall(request, at=clock.now()) if options.remember_hours else None
    return render(
        request,
        "accounts/login_options.html",
        {
            "options": options,
            "known": known,
            "known_label": LOGIN_OPTIONS[known.option] if known else "",
            "remember_form": RememberForm(
                hours=options.remember_hours, initial={"remember": known is not None}
            ),
            "ended": ENDED_WORDS.get(ended_reason(request, at=clock.now()), ""),
            "registered": REGISTERED_KEY in request.GET,
            "to_staff_pages": leads_to_staff_pages(wanted),
        },
    )


def _choose(request: HttpRequest, options: OfferedOptions) -> HttpResponse:
    """Let a remembered browser straight in by its option; forget it and ask in any other case."""
    option = request.POST.get("option", "")
    if not _is_offered(option, options):
        return HttpResponseRedirect(reverse("login_options"))
    at = clock.now()
    memory = browser_memory()
    ticked = options.remember_hours > 0 and REMEMBER_KEY in request.POST
    known = memory.recall(request, at=at)
    if ticked and known and known.option == option:
        return sign_in_remembered(
            request,
            known.user,
            attempt=_attempt(request, option),
            redirect_url=take_next(request),
        )
    reason = "other_option" if ticked else "unticked"
    memory.forget(request, reason=reason if known else "no_longer_valid", at=at)
    query = f"?{REMEMBER_KEY}=on" if ticked else ""
    return HttpResponseRedirect(reverse(f"sign_in_{option}") + query)


@sensitive_post_parameters("password")
@get_or_post
def sign_in(request: HttpRequest, option: str) -> HttpResponse:
    """Take address and password for one login option, and go on to the second factor.

    The choice of Remember Me stands in the address, so that each tab has its own, and the page
    says it before the person signs in.
    """
    if not _is_offered(option, offered_options(contract_of(request))):
        raise Http404
    form = SignInForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, option)
    try:
        check = check_password_of(
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            address=current_context().remote_address,
            may_be_dormant=True,
            at=clock.now(),
        )
    except HashingBusyError as busy:
        form.add_error(None, busy.sentence)
        return _page(request, form, option, status=503)
    if check.user is None:
        drop_sign_in(request)
        form.add_error(None, REFUSED)
        return _page(request, form, option)
    return begin_sign_in(
        request,
        check.user,
        attempt=_attempt(request, option, remember=REMEMBER_KEY in request.GET),
        redirect_url=take_next(request),
    )


@get_or_post
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and show Login options, which say so; GET changes nothing and leads there.

    A remembered browser stays remembered, as the guide (section 6) has it: within its hours a
    click on the option goes straight in, and unticking the box turns it off. Login options says so.
    """
    if request.method != "POST":
        return HttpResponseRedirect(reverse("login_options"))
    if isinstance(request.user, User):
        record_session_end(account_id=request.user.id, reason="signed_out", at=clock.now())
        messages.success(request, "You are signed out.")
    drop_sign_in(request)
    request.session.flush()
    return HttpResponseRedirect(reverse("login_options"))


def take_next(request: HttpRequest) -> str:
    """Return where the person wanted to go, one of our own paths, else home."""
    wanted = request.session.pop(NEXT_KEY, "") if NEXT_KEY in request.session else ""
    return own_path_or("home", wanted)


def _is_offered(option: str, options: OfferedOptions) -> bool:
    return option in LOGIN_OPTIONS and bool(getattr(options, option))


def _attempt(request: HttpRequest, option: str, *, remember: bool = False) -> SignInAttempt:
    return SignInAttempt(
        option=option,
        binding=str(uuid7()),
        contract=contract_key_of(request),
        remember=remember,
    )


def _page(request: HttpRequest, form: SignInForm, option: str, status: int = 200) -> HttpResponse:
    hours = offered_options(contract_of(request)).remember_hours
    remember_hours = hours if REMEMBER_KEY in request.GET else 0
    context = {
        "form": form,
        "option": option,
        "option_name": LOGIN_OPTIONS[option],
        "remember_hours": remember_hours,
    }
    return render(request, "accounts/sign_in.html", context, status=status)
