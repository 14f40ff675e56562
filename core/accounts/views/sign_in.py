"""Login options, address and password, and out again."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.allauth_wrapper import SignInAttempt, begin_sign_in, drop_sign_in
from core.accounts.forms import SignInForm
from core.accounts.hashers import HashingBusyError
from core.accounts.models import User
from core.accounts.paths import is_own_path
from core.accounts.policies import OfferedOptions, offered_options
from core.accounts.services.sign_in import check_password_of, record_sign_out
from core.accounts.sessions import take_ended_reason
from core.common import clock
from core.common.context import current_context
from core.common.ids import uuid7
from tenants import registry
from tenants.configuration.document import BrandSection, ContractDocument

NEXT_KEY = "portal_next"
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
}


@require_GET
def login_options(request: HttpRequest) -> HttpResponse:
    """Show how one can sign in here; somebody who is signed in goes home."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("home"))
    wanted = request.GET.get("next", "")
    if wanted and is_own_path(wanted):
        request.session[NEXT_KEY] = wanted
    return render(
        request,
        "accounts/login_options.html",
        {
            "options": offered_options(contract_of(request)),
            "ended": ENDED_WORDS.get(take_ended_reason(request), ""),
        },
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest, option: str) -> HttpResponse:
    """Take address and password for one login option, and go on to the second factor."""
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
        attempt=SignInAttempt(
            option=option, binding=str(uuid7()), contract=contract_key_of(request)
        ),
        redirect_url=take_next(request),
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and show Login options."""
    if isinstance(request.user, User):
        record_sign_out(user_id=request.user.id, at=clock.now())
    drop_sign_in(request)
    request.session.flush()
    return HttpResponseRedirect(reverse("login_options"))


def contract_of(request: HttpRequest) -> Any:
    """Return the contract in hand (tenants.context.ActiveContract), or None on a portal host."""
    return getattr(request, "contract", None)


def brand_of(request: HttpRequest) -> BrandSection:
    """Return the brand of the contract or portal host that a request came to."""
    contract = contract_of(request)
    document: ContractDocument | None = contract.document if contract else None
    if document is not None:
        return document.brand
    return registry.get_deployment().brand_of(getattr(request, "site_host", ""))


def contract_key_of(request: HttpRequest) -> str:
    """Return the key of the contract in hand as text, "" on a portal host."""
    contract = contract_of(request)
    key: UUID | None = contract.id if contract else None
    return str(key) if key else ""


def take_next(request: HttpRequest) -> str:
    """Return where the person wanted to go, one of our own paths, else home."""
    wanted = request.session.pop(NEXT_KEY, "") if NEXT_KEY in request.session else ""
    return wanted if is_own_path(wanted) else reverse("home")


def _is_offered(option: str, options: OfferedOptions) -> bool:
    return {"phone": options.phone, "email": options.email}.get(option, False)


def _page(request: HttpRequest, form: SignInForm, option: str, status: int = 200) -> HttpResponse:
    return render(request, "accounts/sign_in.html", {"form": form, "option": option}, status=status)
