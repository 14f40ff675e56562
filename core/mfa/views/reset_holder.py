"""A password reset as somebody who needs a factor proven."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import pending_page
from core.common import clock
from core.common.http import client_redirect
from core.mfa.codes import Purpose
from core.mfa.policies import strongest_options
from core.mfa.proving.methods import available_options
from core.mfa.proving.proofs import Proof
from core.mfa.resets.journey import PAGES, find_own_reset, leave_reset, own_reset_id
from core.mfa.resets.states import ResetStep
from core.mfa.selectors import kinds_of
from core.mfa.services.resets import (
    close_reset,
    keep_reset_proof,
    note_reset_factor,
)


def reset_options(user: User) -> tuple[str, ...]:
    """Return how an account proves its own factor: by its app or passkey where it has one.

    A recovery code stands in for these; a phone beside them does not, or whoever holds mailbox and
    number would end with the stronger factor's rights. With a suspended passkey and no code left
    the page leads to help.
    """
    kinds = kinds_of(user.id)
    return strongest_options(available_options(user, kinds=kinds, without=("email",)), kinds)


class ResetHolder:
    """The run of this browser while the account's own factor is pending; its row keeps all."""

    def find(self, request: HttpRequest) -> Proof | None:
        """Return the proof that the run needs; the address was proven before and counts not."""
        if request.user.is_authenticated:
            return None
        run = find_own_reset(request, at=clock.now())
        if run is None or run.step is not ResetStep.FACTOR:
            return None
        return Proof(
            user=run.user,
            purpose=Purpose.RESET,
            binding=run.reset.id,
            contract_id=run.reset.contract_id,
            option=run.reset.option,
            options=reset_options(run.user),
            challenge=run.reset.proof_challenge,
            verified=run.reset.proof_verified,
            while_locked=True,
        )

    def keep(
        self,
        request: HttpRequest,
        *,
        option: str | None = None,
        challenge: UUID | None = None,
        verified: bool | None = None,
    ) -> None:
        """Write into the row."""
        reset_id = own_reset_id(request)
        if reset_id is not None:
            keep_reset_proof(
                reset_id=reset_id,
                option=option,
                challenge=challenge,
                verified=verified,
                at=clock.now(),
            )

    def proven(self, request: HttpRequest, proof: Proof, method: str) -> HttpResponse:
        """Lead to the new password; the session gets a new identifier."""
        note_reset_factor(reset_id=proof.binding, method=method, at=clock.now())
        request.session.cycle_key()
        return client_redirect(
            request, HttpResponseRedirect(reverse(PAGES[ResetStep.NEW_PASSWORD]))
        )

    def cancelled(self, request: HttpRequest) -> HttpResponse:
        """End the run; the password stays as it is."""
        _close(request, reason="cancelled")
        return HttpResponseRedirect(reverse("login_options"))

    def elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Lead to the pending step, or home, or say that the run has ended."""
        if request.user.is_authenticated:
            return client_redirect(request, HttpResponseRedirect(reverse("home")))
        run = find_own_reset(request, at=clock.now())
        if run is None:
            return over(request)
        return client_redirect(request, HttpResponseRedirect(reverse(PAGES[run.step])))

    def locked(self, request: HttpRequest) -> HttpResponse:
        """End the run: the tries are used up."""
        _close(request, reason="tries_used_up")
        return render(request, "mfa/locked.html", {"after_reset": True})


def over(request: HttpRequest) -> HttpResponse:
    """Say that the run has ended, whatever ended it, and how to begin again.

    The session keeps its dead key: another request may just have given it a new identifier. Whose
    sign-in waits after a new password is led on.
    """
    if pending := pending_page(request):
        return client_redirect(request, HttpResponseRedirect(pending))
    return render(request, "mfa/reset_over.html", status=410)


def tries_used_up(request: HttpRequest) -> HttpResponse:
    """End the run because nothing more is evaluated."""
    return ResetHolder().locked(request)


def _close(request: HttpRequest, *, reason: str) -> None:
    reset_id = own_reset_id(request)
    if reset_id is not None:
        close_reset(reset_id=reset_id, reason=reason, at=clock.now())
    leave_reset(request)
