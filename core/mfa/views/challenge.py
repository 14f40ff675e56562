"""The second factor at sign-in."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.policies import policy_for
from core.accounts.signing_in.allauth_wrapper import (
    PortalStage,
    drop_sign_in,
    find_stage,
    note_method,
    pending_page,
)
from core.common.http import client_redirect, get_only, get_or_post
from core.mfa.codes import Purpose
from core.mfa.models import STRONGER
from core.mfa.policies import accepted_options
from core.mfa.proving.methods import available_options
from core.mfa.proving.proofs import Proof, ProofUrls
from core.mfa.stages import ChallengeStage
from core.mfa.views.proving import proof_call_state, proof_page
from tenants.in_hand import contract_key_of

URLS = ProofUrls(page="mfa:challenge", call="mfa:challenge_call_state")
_LOGIN_OPTIONS = ("phone", "email")


class SignInHolder:
    """A sign-in after the right password; its state lies in the stashed login."""

    def find(self, request: HttpRequest) -> Proof | None:
        """Return the proof that the sign-in of this browser needs."""
        stage = _own_stage(request)
        if stage is None:
            return None
        attempt = stage.attempt
        options, fallbacks = _options(stage)
        return Proof(
            user=stage.user,
            purpose=Purpose.SIGN_IN,
            binding=UUID(attempt.binding),
            contract_id=UUID(attempt.contract) if attempt.contract else None,
            option=attempt.factor or attempt.option,
            options=options,
            fallbacks=fallbacks,
            challenge=UUID(attempt.challenge) if attempt.challenge else None,
            verified=attempt.verified,
        )

    def keep(
        self,
        request: HttpRequest,
        *,
        option: str | None = None,
        challenge: UUID | None = None,
        verified: bool | None = None,
    ) -> None:
        """Write into the stashed login."""
        stage = _own_stage(request)
        if stage is None:
            return
        attempt = stage.attempt
        if option is not None:
            attempt.factor, attempt.challenge, attempt.verified = option, "", False
        if challenge is not None:
            attempt.challenge = str(challenge)
        if verified is not None:
            attempt.verified = verified
        stage.keep(attempt)

    def proven(self, request: HttpRequest, proof: Proof, method: str) -> HttpResponse:
        """Note the method in the session and finish the stage."""
        stage = _own_stage(request)
        if stage is None:
            return self.elsewhere(request)
        note_method(request, proof.user, method)
        return client_redirect(request, stage.finish())

    def cancelled(self, request: HttpRequest) -> HttpResponse:
        """Lead back to the Login options."""
        drop_sign_in(request)
        return HttpResponseRedirect(reverse("login_options"))

    def elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Lead on who has proven it already (a second click, back); start again who has not."""
        pending = pending_page(request, besides=ChallengeStage.key)
        target = reverse("home" if request.user.is_authenticated else "login_options")
        return client_redirect(request, HttpResponseRedirect(pending or target))

    def locked(self, request: HttpRequest) -> HttpResponse:
        """Drop the sign-in and say that the account is locked."""
        drop_sign_in(request)
        return render(request, "mfa/locked.html")


HOLDER = SignInHolder()


@get_or_post
def challenge(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of the login option, and go on when it is proven."""
    return proof_page(request, HOLDER, URLS)


@get_only
def challenge_call_state(request: HttpRequest) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    return proof_call_state(request, HOLDER, URLS)


def _own_stage(request: HttpRequest) -> PortalStage | None:
    """Return the sign-in of this browser when it began in the contract in hand."""
    if request.user.is_authenticated:
        return None
    stage = find_stage(request, ChallengeStage.key)
    if stage is None or stage.attempt.contract != contract_key_of(request):
        return None
    return stage if stage.user.is_active or stage.user.is_dormant else None


def _options(stage: PortalStage) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the login option first, then what else the account has and a contract accepts; and
    what is kept for the case that nothing goes out.

    Who chose phone or e-mail is not asked for the other of the two instead, unless it was taken
    while theirs was down.
    """
    chosen = stage.attempt.option
    documented = chosen in _LOGIN_OPTIONS
    spare = {option for option in _LOGIN_OPTIONS if documented and option != chosen}
    kinds = frozenset(stage.attempt.kinds)
    methods = policy_for(stage.user).any_methods
    everything = available_options(stage.user, kinds=kinds)
    usual = [option for option in everything if option not in spare]
    found = accepted_options(usual, methods)
    fallbacks = [option for option in everything if option in spare & methods]
    if stage.attempt.factor in fallbacks:
        found, fallbacks = (*found, stage.attempt.factor), []
    stronger_first = chosen in STRONGER
    in_order = sorted(
        found, key=lambda one: (one != chosen, stronger_first and one not in STRONGER)
    )
    return tuple(in_order), tuple(fallbacks)
