"""What follows on the answer of an identity provider: a session, a confirmation, or a refusal."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.columns import keep_name, keeps_employees_column
from core.accounts.models import User
from core.accounts.paths import own_path_or
from core.accounts.sessions.lifecycle import carry_on, outlives_changes
from core.accounts.signing_in.allauth_wrapper import (
    VOUCHED,
    SignInAttempt,
    note_method,
    sign_in_vouched,
)
from core.common import clock
from core.common.ids import uuid7
from core.mfa.proving.freshness import FRESH_MINUTES, is_fresh
from core.mfa.services.confirmations import confirm_session
from core.staff.oidc.claims import ClaimsRefusedError, read_claims
from core.staff.oidc.client import CONFIRM, LINK
from core.staff.oidc.providers import StaffProvider, find_provider
from core.staff.oidc.tokens import TokenRefusedError, check_nonce, check_signed_in_since
from core.staff.policies import OIDC_CONFIRMED
from core.staff.scope import find_staff
from core.staff.selectors import find_identity
from core.staff.services.identities import IdentityRefusal, record_refusal, vouch_for
from core.staff.services.linking import LinkRefusal, link_identity

logger = logging.getLogger(__name__)
PROVIDER_KEY: Final = "staff_provider"
_LINKS_WITHIN: Final = timedelta(minutes=10)
"""Own figure: from the button that links to the provider's answer."""
_FRESH: Final = FRESH_MINUTES + 10
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
    LinkRefusal.OTHER_ADDRESS.value: (
        "Your company account has another e-mail address than your account here. Nothing was "
        "linked."
    ),
    LinkRefusal.IDENTITY_TAKEN.value: (
        "Your company account opens another account here already. Nothing was linked."
    ),
    LinkRefusal.LINKED_ALREADY.value: (
        "Another company account is linked to your account already. Nothing was linked."
    ),
    LinkRefusal.OUT_OF_REACH.value: (
        "This sign-in is for its own program only, and your account works elsewhere, too. Sign in "
        "with your password."
    ),
    IdentityRefusal.SHUT.value: (
        "Your account here is locked or not active. Open it by Forgot password on the "
        "Customer/Provider side, or ask the contact below."
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
        if state.get("purpose") == LINK:
            return _linked(request, provider, claims, state)
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
        redirect_url=own_path_or("staff:home", target),
    )
    request.session[PROVIDER_KEY] = provider.key
    if keeps_employees_column(request):
        keep_name(response, result.user.first_name)
    return response


@outlives_changes
def _linked(
    request: HttpRequest,
    provider: StaffProvider,
    claims: Mapping[str, Any],
    state: Mapping[str, Any],
) -> HttpResponse:
    """Link the person to the account in this session, whose owner has just asked for it."""
    asked_at = datetime.fromtimestamp(float(state["asked_at"]), tz=UTC)
    check_signed_in_since(claims, asked_at)
    user, at = request.user, clock.now()
    if not isinstance(user, User) or find_staff(user, at=at) is None:
        raise TokenRefusedError("another_person")
    if at - asked_at > _LINKS_WITHIN or not is_fresh(request, user, minutes=_FRESH, at=at):
        raise TokenRefusedError("too_late")
    refusal = link_identity(user_id=user.id, person=read_claims(claims, provider), at=at)
    if refusal is not None:
        return refused_response(request, key=provider.key, reason=refusal.value)
    carry_on(request, User.objects.with_contracts().get(pk=user.id))
    messages.success(request, f"{provider.name} opens your account from now on.")
    return HttpResponseRedirect(reverse("staff:oidc_links"))


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
    return HttpResponseRedirect(own_path_or("staff:home", target))
