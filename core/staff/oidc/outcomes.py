"""What follows on the answer of an identity provider: a session, a confirmation, or a refusal."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.columns import keep_name, keeps_employees_column
from core.accounts.models import User
from core.accounts.paths import is_own_path
from core.accounts.signing_in.allauth_wrapper import (
    VOUCHED,
    SignInAttempt,
    note_method,
    sign_in_vouched,
)
from core.common import clock
from core.common.ids import uuid7
from core.mfa.services.confirmations import confirm_session
from core.staff.oidc.claims import ClaimsRefusedError, read_claims
from core.staff.oidc.client import CONFIRM
from core.staff.oidc.providers import StaffProvider, find_provider
from core.staff.oidc.tokens import TokenRefusedError, check_nonce, check_signed_in_since
from core.staff.policies import OIDC_CONFIRMED
from core.staff.selectors import find_identity
from core.staff.services.identities import IdentityRefusal, record_refusal, vouch_for

logger = logging.getLogger(__name__)
PROVIDER_KEY: Final = "staff_provider"
_WORDS: Final = {
    IdentityRefusal.ADDRESS_TAKEN.value: (
        "An account of this portal has your e-mail address already. Sign in with it on the "
        "Customer/Provider side, or ask the contact below."
    ),
    IdentityRefusal.NO_ROLE.value: (
        "Your company account has no role in this portal. Ask whoever manages its groups."
    ),
    IdentityRefusal.INACTIVE.value: "Your account here is not active. Ask the contact below.",
    "email_unverified": (
        "Your company account has no verified e-mail address. Ask whoever manages it."
    ),
    "domain": "This sign-in is not for your e-mail address. Ask the contact below.",
}
_OTHERWISE: Final = (
    "The company sign-in did not come to its end. Nothing was changed; please try again."
)


def vouched_response(
    request: HttpRequest, *, key: str, claims: Mapping[str, Any], state: Mapping[str, Any]
) -> HttpResponse:
    """Go on after an exchange whose token was right; whoever is refused reads why.

    `state` is what was kept for this exchange, which the provider's answer named.
    """
    provider = find_provider(key)
    if provider is None:
        return refused_response(request, key=key, reason="provider")
    try:
        check_nonce(claims, str(state.get("nonce", "")))
        if state.get("purpose") == CONFIRM:
            return _confirmed(request, provider, claims, state)
        return _signed_in(request, provider, claims, state)
    except (TokenRefusedError, ClaimsRefusedError) as refusal:
        return refused_response(request, key=key, reason=str(refusal))


def refused_response(request: HttpRequest, *, key: str, reason: str) -> HttpResponse:
    """Say that the sign-in was refused; the true reason goes into the audit and the log."""
    logger.warning("a sign-in through an identity provider was refused: %s", reason)
    record_refusal(key=key, reason=reason, at=clock.now())
    context = {"words": _WORDS.get(reason, _OTHERWISE)}
    return render(request, "staff/oidc_refused.html", context, status=403)


def _signed_in(
    request: HttpRequest,
    provider: StaffProvider,
    claims: Mapping[str, Any],
    state: Mapping[str, Any],
) -> HttpResponse:
    person = read_claims(claims, provider)
    result = vouch_for(person=person, at=clock.now())
    if result.user is None:
        return refused_response(request, key=provider.key, reason=str(result.refusal))
    target = str(state.get("target", ""))
    response = sign_in_vouched(
        request,
        result.user,
        attempt=SignInAttempt(option=VOUCHED, binding=str(uuid7())),
        redirect_url=target if is_own_path(target) else reverse("staff:home"),
    )
    request.session[PROVIDER_KEY] = provider.key
    if keeps_employees_column(request):
        keep_name(response, result.user.first_name)
    return response


def _confirmed(
    request: HttpRequest,
    provider: StaffProvider,
    claims: Mapping[str, Any],
    state: Mapping[str, Any],
) -> HttpResponse:
    """Note that the person in this session has just proven to the provider who they are."""
    check_signed_in_since(claims, datetime.fromtimestamp(float(state["asked_at"]), tz=UTC))
    identity = find_identity(issuer=provider.issuer, subject=str(claims["sub"]))
    user = request.user
    if not isinstance(user, User) or identity is None or identity.user_id != user.id:
        raise TokenRefusedError("another_person")
    request.session.cycle_key()
    note_method(request, user, OIDC_CONFIRMED)
    confirm_session(user_id=user.id, methods=(VOUCHED,), at=clock.now())
    target = str(state.get("target", ""))
    return HttpResponseRedirect(target if is_own_path(target) else reverse("staff:home"))
