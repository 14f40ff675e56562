"""The page on which a contract asks for a factor that it accepts."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.models import User
from core.accounts.paths import is_own_path, own_path_or
from core.accounts.signing_in.allauth_wrapper import note_method
from core.common import clock
from core.common.http import client_redirect, get_only, get_or_post
from core.mfa.codes import Purpose
from core.mfa.proving.kept import KeptProof, SessionProofs
from core.mfa.proving.proofs import Proof, ProofUrls
from core.mfa.proving.stepping_up import AS_ADMIN, Ask, satisfied
from core.mfa.services.confirmations import record_step_up
from core.mfa.views.proving import proof_call_state, proof_page
from core.mfa.views.refusals import locked_out
from tenants.in_hand import contract_of, is_portal_host

URLS = ProofUrls(page="mfa:step_up", call="mfa:step_up_call_state")
PROOFS = SessionProofs("portal_step_up")


@dataclass(frozen=True)
class StepUpHolder:
    """A step-up under way; its state lies in the session, for one contract at a time."""

    def find(self, request: HttpRequest) -> Proof | None:
        """Return the proof that the contract in hand asks for."""
        ask = _ask_of(request)
        if ask is None or not isinstance(request.user, User):
            return None
        kept = _kept(request, ask)
        return Proof(
            user=request.user,
            purpose=Purpose.STEP_UP,
            binding=UUID(kept.binding),
            contract_id=ask.contract.id,
            option=kept.option,
            options=ask.options,
            challenge=kept.challenge_id,
            verified=kept.is_verified(clock.now()),
            reason=f"{ask.contract.name} asks for {ask.words}.",
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
        """Note the method, give the session a new identifier, and go where the person wanted."""
        target = _next_of(request)
        note_method(request, proof.user, method)
        PROOFS.drop(request)
        request.session.cycle_key()
        record_step_up(
            user_id=proof.user.id, contract_id=proof.contract_id, method=method, at=clock.now()
        )
        return client_redirect(request, HttpResponseRedirect(target))

    def cancelled(self, request: HttpRequest) -> HttpResponse:
        """Lead away from the contract: to home over all contracts, where this host has it."""
        PROOFS.drop(request)
        return HttpResponseRedirect(_away(request))

    def elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Lead on who has proven enough."""
        return client_redirect(request, HttpResponseRedirect(_next_of(request)))

    def locked(self, request: HttpRequest) -> HttpResponse:
        """End the session: whoever sits here has used up the tries."""
        return locked_out(request)


HOLDER = StepUpHolder()


@get_or_post
@signed_in
@before_entry
def step_up(request: SignedInRequest) -> HttpResponse:
    """Ask for a factor that the contract in hand accepts, or say how to get one."""
    if contract_of(request) is None:
        raise Http404
    ask = _ask_of(request)
    if ask is not None and request.method != "POST":
        _begin(request, ask)
    if ask is not None and not ask.options:
        then = urlencode({"next": _next_of(request)})
        context = {"ask": ask, "away": _away(request), "then": then}
        return render(request, "mfa/enrol_first.html", context)
    return proof_page(request, HOLDER, URLS)


@get_only
def step_up_call_state(request: HttpRequest) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    return proof_call_state(request, HOLDER, URLS)


def _ask_of(request: HttpRequest) -> Ask | None:
    contract = contract_of(request)
    if contract is None:
        return None
    kept = PROOFS.of(request)
    under_way = kept is not None and kept.contract == str(contract.id) and kept.as_admin
    as_admin = AS_ADMIN in request.GET or under_way
    return satisfied(request, contract, as_admin=as_admin)


def _begin(request: HttpRequest, ask: Ask) -> None:
    """Note where the person wants to go; what is under way for this contract goes on."""
    kept = _kept(request, ask)
    wanted = request.GET.get("next", "")
    if is_own_path(wanted):
        kept.target, kept.as_admin = wanted, AS_ADMIN in request.GET
    PROOFS.save(request, kept)


def _kept(request: HttpRequest, ask: Ask) -> KeptProof:
    """Return what is under way for the contract; one for another contract gives way."""
    kept, contract = PROOFS.of(request), str(ask.contract.id)
    if kept is not None and kept.contract == contract:
        return kept
    option = ask.options[0] if ask.options else ""
    return PROOFS.save(request, KeptProof.new(contract=contract, option=option))


def _next_of(request: HttpRequest) -> str:
    kept = PROOFS.of(request)
    return own_path_or("home", (kept and kept.target) or request.GET.get("next", ""))


def _away(request: HttpRequest) -> str:
    """Return a page that spans contracts: home on a portal host, else the account's own factors."""
    return "/home/" if is_portal_host(request) else reverse("mfa:factors")
