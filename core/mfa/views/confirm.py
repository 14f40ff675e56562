"""Confirm that it is you: password and factor once more, before something important changes."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.models import User
from core.accounts.passwords.hashers import HashingBusyError
from core.accounts.paths import own_path_or
from core.accounts.policies import policy_for
from core.accounts.services.sign_in import (
    PasswordCheck,
    Refusal,
    check_password_of,
)
from core.accounts.signing_in.allauth_wrapper import PASSWORD, last_proven, note_method
from core.common import clock
from core.common.context import current_context
from core.common.http import client_redirect, get_only, get_or_post
from core.mfa.codes import Purpose
from core.mfa.forms import PresentPasswordForm
from core.mfa.policies import accepted_options, counting_methods, strongest_options
from core.mfa.proving.freshness import FRESH_MINUTES, is_fresh, other_confirmation
from core.mfa.proving.kept import KeptProof, SessionProofs
from core.mfa.proving.methods import available_options
from core.mfa.proving.proofs import Proof, ProofUrls
from core.mfa.selectors import working_kinds
from core.mfa.services.confirmations import confirm_session
from core.mfa.views.proving import proof_call_state, proof_page
from core.mfa.views.refusals import locked_out
from tenants.in_hand import contract_key_of

URLS = ProofUrls(page="mfa:confirm_proof", call="mfa:confirm_call_state")
PROOFS = SessionProofs("portal_confirm")
LOST = "What you entered was not sent yet. You come back to the page and send it from there."
WRONG = "This is not your password. After several failed tries your account is locked."


class ConfirmHolder:
    """Somebody signed in who has just given the right password again."""

    def find(self, request: HttpRequest) -> Proof | None:
        """Return the proof that the confirmation of this session needs."""
        user, kept = request.user, PROOFS.of(request)
        if not isinstance(user, User) or kept is None:
            return None
        if kept.contract != contract_key_of(request):
            return None
        return Proof(
            user=user,
            purpose=Purpose.CONFIRM,
            binding=UUID(kept.binding),
            contract_id=kept.contract_id,
            option=kept.option,
            options=_options(user),
            challenge=kept.challenge_id,
            verified=kept.is_verified(clock.now()),
        )

    def keep(
        self,
        request: HttpRequest,
        *,
        option: str | None = None,
        challenge: UUID | None = None,
        verified: bool | None = None,
    ) -> None:
        """Write into the session."""
        PROOFS.keep(request, option=option, challenge=challenge, verified=verified)

    def proven(self, request: HttpRequest, proof: Proof, method: str) -> HttpResponse:
        """Note it in the session, which gets a new identifier, and go where the person wanted."""
        kept = PROOFS.of(request)
        PROOFS.drop(request)
        request.session.cycle_key()
        note_method(request, proof.user, method)
        confirm_session(user_id=proof.user.id, methods=(PASSWORD, method), at=clock.now())
        target = kept.target if kept else reverse("home")
        return client_redirect(request, HttpResponseRedirect(target))

    def cancelled(self, request: HttpRequest) -> HttpResponse:
        """Go home; the person stays signed in and nothing changes."""
        PROOFS.drop(request)
        return HttpResponseRedirect(reverse("home"))

    def elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Lead on who has confirmed already (a second click); begin with the password otherwise."""
        user = request.user
        fresh = isinstance(user, User) and is_fresh(request, user, at=clock.now())
        target = reverse("home" if fresh else "mfa:confirm")
        return client_redirect(request, HttpResponseRedirect(target))

    def locked(self, request: HttpRequest) -> HttpResponse:
        """End the session: whoever sits here has used up the tries."""
        return locked_out(request)


HOLDER = ConfirmHolder()


@sensitive_post_parameters("password")
@get_or_post
@signed_in
@before_entry
def confirm(request: SignedInRequest) -> HttpResponse:
    """Ask for the password; the factor comes next, and who comes back meanwhile is led there."""
    target = own_path_or("home", request.GET.get("next", ""))
    if is_fresh(request, request.user, at=clock.now()):
        return HttpResponseRedirect(target)
    if other := other_confirmation(request):
        return HttpResponseRedirect(f"{other.page()}?{urlencode({'next': target})}")
    if _waits_for_factor(request):
        return _to_pending_factor(request, target)
    form = PresentPasswordForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            check = _check(request, form.cleaned_data["password"])
        except HashingBusyError as busy:
            form.add_error(None, busy.sentence)
            status = 503
        else:
            if check.user is not None:
                return _ask_for_factor(request, target)
            if check.refusal is Refusal.LOCKED or _is_locked(request.user):
                return locked_out(request)
            form.add_error("password", WRONG)
    context = {"form": form, "lost": LOST if "lost" in request.GET else ""}
    return render(request, "mfa/confirm.html", context, status=status)


@get_or_post
@signed_in
@before_entry
def confirm_proof(request: SignedInRequest) -> HttpResponse:
    """Ask for a factor of the account, then go on."""
    return proof_page(request, HOLDER, URLS)


@get_only
def confirm_call_state(request: HttpRequest) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    return proof_call_state(request, HOLDER, URLS)


def _check(request: SignedInRequest, password: str) -> PasswordCheck:
    return check_password_of(
        email=request.user.email,
        password=password,
        address=current_context().remote_address,
        at=clock.now(),
    )


def _waits_for_factor(request: SignedInRequest) -> bool:
    """Tell whether the password was right here, so lately that the factor completes it."""
    if HOLDER.find(request) is None:
        return False
    password_at, _factor_at = last_proven(request, request.user)
    since = clock.now() - timedelta(minutes=FRESH_MINUTES)
    return password_at is not None and password_at > since.timestamp()


def _to_pending_factor(request: SignedInRequest, target: str) -> HttpResponse:
    """Lead to the pending step; it goes on to the page that was asked for last."""
    if "next" in request.GET:
        PROOFS.keep(request, target=target)
    if "lost" in request.GET:
        messages.warning(request, LOST)
    return HttpResponseRedirect(reverse(URLS.page))


def _ask_for_factor(request: SignedInRequest, target: str) -> HttpResponse:
    request.session.cycle_key()
    note_method(request, request.user, PASSWORD)
    PROOFS.save(request, KeptProof.new(contract=contract_key_of(request), target=target))
    return HttpResponseRedirect(reverse(URLS.page))


def _is_locked(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_locked(clock.now())


def _options(user: User) -> tuple[str, ...]:
    """Return how the account proves enough for a change of it; the address comes last.

    Its app or passkey where one works (`core.mfa.proving.freshness.is_fresh`), else what it has and
    one of its contracts accepts.
    """
    everything, kinds = available_options(user), working_kinds(user.id)
    if counting_methods(kinds) is not None:
        return strongest_options(everything, kinds)
    found = accepted_options(everything, policy_for(user).any_methods)
    return tuple(sorted(found, key=lambda option: option == "email"))
