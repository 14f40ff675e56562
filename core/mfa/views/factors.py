"""The account's own factors: the list, the authenticator app, the recovery codes."""

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.sessions.lifecycle import outlives_changes, sign_in_of
from core.common import clock
from core.common.http import get_only, get_or_post
from core.common.masking import mask_phone
from core.mfa.authenticators.totp import typed_form
from core.mfa.codes import Owner, OwnerKind
from core.mfa.forms import AppCodeForm
from core.mfa.models import STRONGER, FactorKind
from core.mfa.proving.freshness import fresh_sign_in
from core.mfa.selectors import (
    count_recovery_codes,
    find_factor,
    find_phone,
    kinds_of,
    list_passkeys,
)
from core.mfa.services.factors import (
    MOST_PASSKEYS,
    FactorExistsError,
    FactorUnprovenError,
    LastFactorError,
)
from core.mfa.services.factors import add_app as keep_app
from core.mfa.services.factors import remove_app as drop_app
from core.mfa.services.recovery import issue_recovery_codes
from core.mfa.services.totp import confirm_app, find_app_secret, offer_app_secret
from core.mfa.views.account_shared import (
    after_adding,
    after_change,
    factor_page,
    methods_for,
    next_of,
)
from core.mfa.views.enrolment import NOT_CONFIRMED, qr_code


@get_only
@signed_in
@before_entry
def factors(request: SignedInRequest) -> HttpResponse:
    """List what the account can prove, with what can be added or removed."""
    user = request.user
    kinds, methods = kinds_of(user.id), methods_for(request)
    passkeys = list(list_passkeys(user.id))
    phone = find_phone(user.id)
    return factor_page(
        request,
        "list",
        {
            "phone": mask_phone(phone) if phone else "",
            "app": find_factor(user.id, FactorKind.TOTP),
            "passkeys": passkeys,
            "has_stronger": bool(kinds & STRONGER),
            "codes_left": count_recovery_codes(user.id),
            "can_add_phone": "phone" in methods,
            "can_have_stronger": bool((kinds | methods) & STRONGER),
            "can_add_app": "totp" in methods and FactorKind.TOTP not in kinds,
            "can_add_passkey": "passkey" in methods and len(passkeys) < MOST_PASSKEYS,
        },
    )


@get_or_post
@signed_in
@before_entry
@fresh_sign_in()
@outlives_changes
def add_app(request: SignedInRequest) -> HttpResponse:
    """Show the secret of an authenticator app, and take the code that confirms it."""
    user, at = request.user, clock.now()
    if FactorKind.TOTP in kinds_of(user.id):
        return HttpResponseRedirect(next_of(request))
    if "totp" not in methods_for(request):
        raise Http404
    owner, binding = Owner(OwnerKind.ACCOUNT, user.id), sign_in_of(request)
    form = AppCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            code, epoch = form.cleaned_data["code"], user.security_epoch
            if confirm_app(owner=owner, binding=binding, epoch=epoch, code=code, at=at):
                changed = keep_app(user_id=user.id, by=user.id, at=at)
                return after_adding(
                    request, changed, "totp", told="Your authenticator app was added."
                )
            form.add_error("code", NOT_CONFIRMED)
        except (FactorExistsError, FactorUnprovenError):
            return HttpResponseRedirect(next_of(request))
    secret = offer_app_secret(owner=owner, binding=binding, epoch=user.security_epoch, at=at)
    return factor_page(request, "app", {"form": form, "secret": typed_form(secret)})


@get_only
@signed_in
@before_entry
@fresh_sign_in()
def app_code(request: SignedInRequest) -> HttpResponse:
    """Answer with the QR code of the secret that the page shows."""
    secret = find_app_secret(
        owner=Owner(OwnerKind.ACCOUNT, request.user.id),
        binding=sign_in_of(request),
        epoch=request.user.security_epoch,
        at=clock.now(),
    )
    return qr_code(request, secret, request.user.email)


@get_or_post
@signed_in
@before_entry
@fresh_sign_in()
@outlives_changes
def remove_app(request: SignedInRequest) -> HttpResponse:
    """Ask once more, then remove the authenticator app."""
    user = request.user
    factor = find_factor(user.id, FactorKind.TOTP)
    if factor is None:
        return HttpResponseRedirect(reverse("mfa:factors"))
    refused = ""
    if request.method == "POST":
        try:
            changed = drop_app(user_id=user.id, by=user.id, at=clock.now())
            return after_change(
                request, changed or user, told="Your authenticator app was removed."
            )
        except LastFactorError as error:
            refused = error.sentence
    context = {"what": "your authenticator app", "refused": refused}
    return factor_page(request, "remove", context)


@get_or_post
@signed_in
@before_entry
@fresh_sign_in()
def recovery_codes(request: SignedInRequest) -> HttpResponse:
    """Make a new set of recovery codes and show it, once: with the answer to the POST."""
    user = request.user
    if not kinds_of(user.id) & STRONGER:
        return HttpResponseRedirect(reverse("mfa:factors"))
    codes: list[str] = []
    if request.method == "POST":
        codes = issue_recovery_codes(user_id=user.id, by=user.id, at=clock.now())
    context = {"codes": codes, "codes_left": count_recovery_codes(user.id)}
    return factor_page(request, "recovery_codes", context)
