"""The page on which the deployment asks its staff for a factor that it accepts of them."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import methods_used, note_method
from core.common import clock
from core.common.http import client_redirect, get_only, get_or_post
from core.mfa.codes import Purpose
from core.mfa.proving.kept import KeptProof, SessionProofs
from core.mfa.proving.proofs import Proof, ProofUrls
from core.mfa.proving.stepping_up import WORDS, options_accepted
from core.mfa.services.confirmations import record_step_up
from core.mfa.views.proving import proof_call_state, proof_page
from core.mfa.views.refusals import locked_out
from core.staff.access import portal_only
from core.staff.policies import session_suffices, staff_methods
from core.staff.scope import find_staff

URLS = ProofUrls(page="staff:factor", call="staff:factor_call_state")
PROOFS = SessionProofs("portal_staff_factor")


class StaffFactorHolder:
    """The proof of a factor for the pages of staff; its state lies in the session."""

    def find(self, request: HttpRequest) -> Proof | None:
        """Return the proof that a session of staff still has to bring."""
        user = request.user
        if not isinstance(user, User) or not _is_asked(request, user):
            return None
        options = _options(user)
        kept = _kept(request, options)
        return Proof(
            user=user,
            purpose=Purpose.STEP_UP,
            binding=UUID(kept.binding),
            contract_id=None,
            option=kept.option,
            options=options,
            challenge=kept.challenge_id,
            verified=kept.is_verified(clock.now()),
            reason=f"The pages of staff ask for {accepted_words()}.",
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
        """Note the method, give the session a new identifier, and open the pages of staff."""
        note_method(request, proof.user, method)
        PROOFS.drop(request)
        request.session.cycle_key()
        record_step_up(user_id=proof.user.id, contract_id=None, method=method, at=clock.now())
        return client_redirect(request, HttpResponseRedirect(reverse("staff:home")))

    def cancelled(self, request: HttpRequest) -> HttpResponse:
        """Lead away from the pages of staff."""
        PROOFS.drop(request)
        return HttpResponseRedirect(reverse("home"))

    def elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Lead on who has proven enough."""
        return client_redirect(request, HttpResponseRedirect(reverse("staff:home")))

    def locked(self, request: HttpRequest) -> HttpResponse:
        """End the session: whoever sits here has used up the tries."""
        return locked_out(request)


HOLDER = StaffFactorHolder()


@get_or_post
@portal_only
@signed_in
def factor(request: SignedInRequest) -> HttpResponse:
    """Ask for a factor that the deployment accepts of staff, or say how to get one."""
    if find_staff(request.user, at=clock.now()) is None:
        raise Http404
    if _is_asked(request, request.user) and not _options(request.user):
        context = {"accepted": accepted_words(), "methods": staff_methods()}
        return render(request, "staff/factor.html", context)
    return proof_page(request, HOLDER, URLS)


@get_only
def factor_call_state(request: HttpRequest) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    return proof_call_state(request, HOLDER, URLS)


def accepted_words() -> str:
    """Return what is accepted of staff, for a sentence."""
    return " or ".join(WORDS[method] for method in staff_methods())


def _is_asked(request: HttpRequest, user: User) -> bool:
    return user.is_staff_member and not session_suffices(methods_used(request, user))


def _options(user: User) -> tuple[str, ...]:
    return options_accepted(user, staff_methods())


def _kept(request: HttpRequest, options: tuple[str, ...]) -> KeptProof:
    kept = PROOFS.of(request)
    if kept is not None and kept.option in options:
        return kept
    option = options[0] if options else ""
    return PROOFS.save(request, KeptProof.new(contract="", option=option))
