"""The page on which a contract asks for a factor that it accepts."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.models import User
from core.accounts.paths import is_own_path
from core.accounts.signing_in.allauth_wrapper import note_method
from core.common import clock
from core.common.http import get_only, get_or_post
from core.common.ids import uuid7
from core.mfa.codes import Purpose
from core.mfa.proving.proofs import Proof, ProofUrls
from core.mfa.proving.stepping_up import AS_ADMIN, Ask, satisfied
from core.mfa.services.confirmations import record_step_up
from core.mfa.views.proving import proof_call_state, proof_page
from core.mfa.views.shared import client_redirect, locked_out
from tenants.in_hand import contract_of, is_portal_host

URLS = ProofUrls(page="mfa:step_up", call="mfa:step_up_call_state")
_STATE = "portal_step_up"


@dataclass(frozen=True)
class StepUpHolder:
    """A step-up under way; its state lies in the session, for one contract at a time."""

    def find(self, request: HttpRequest) -> Proof | None:
        """Return the proof that the contract in hand asks for."""
        ask = _ask_of(request)
        if ask is None or not isinstance(request.user, User):
            return None
        state = _state(request, ask)
        return Proof(
            user=request.user,
            purpose=Purpose.STEP_UP,
            binding=UUID(state["binding"]),
            contract_id=ask.contract.id,
            option=state["option"],
            options=ask.options,
            challenge=UUID(state["challenge"]) if state["challenge"] else None,
            verified=state["verified"],
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
        state = request.session.get(_STATE)
        if state is None:
            return
        if option is not None:
            state |= {"option": option, "challenge": "", "verified": False}
        if challenge is not None:
            state["challenge"] = str(challenge)
        if verified is not None:
            state["verified"] = verified
        request.session[_STATE] = state

    def proven(self, request: HttpRequest, proof: Proof, method: str) -> HttpResponse:
        """Note the method, give the session a new identifier, and go where the person wanted."""
        target = _next_of(request)
        note_method(request, proof.user, method)
        request.session.pop(_STATE, None)
        request.session.cycle_key()
        record_step_up(
            user_id=proof.user.id, contract_id=proof.contract_id, method=method, at=clock.now()
        )
        return client_redirect(request, HttpResponseRedirect(target))

    def cancelled(self, request: HttpRequest) -> HttpResponse:
        """Lead away from the contract: to home over all contracts, where this host has it."""
        request.session.pop(_STATE, None)
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
    kept = request.session.get(_STATE) or {}
    under_way = kept.get("contract") == str(contract.id) and kept.get("as_admin")
    as_admin = AS_ADMIN in request.GET or bool(under_way)
    return satisfied(request, contract, as_admin=as_admin)


def _begin(request: HttpRequest, ask: Ask) -> None:
    """Note where the person wants to go; what is under way for this contract goes on."""
    state = _state(request, ask)
    wanted = request.GET.get("next", "")
    if wanted and is_own_path(wanted):
        state["next"] = wanted
        state["as_admin"] = AS_ADMIN in request.GET
    request.session[_STATE] = state


def _state(request: HttpRequest, ask: Ask) -> dict[str, Any]:
    state: dict[str, Any] | None = request.session.get(_STATE)
    if state is not None and state["contract"] == str(ask.contract.id):
        return state
    state = {
        "contract": str(ask.contract.id),
        "binding": str(uuid7()),
        "option": ask.options[0] if ask.options else "",
        "challenge": "",
        "verified": False,
        "next": "",
        "as_admin": False,
    }
    request.session[_STATE] = state
    return state


def _next_of(request: HttpRequest) -> str:
    wanted = (request.session.get(_STATE) or {}).get("next") or request.GET.get("next", "")
    return wanted if is_own_path(wanted) else reverse("home")


def _away(request: HttpRequest) -> str:
    """Return a page that spans contracts: home on a portal host, else the account's own factors."""
    return "/home/" if is_portal_host(request) else reverse("mfa:factors")
