"""The one page that asks for a factor, for whoever needs it proven."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.common import clock
from core.common.http import stop_asking
from core.mfa.proving.methods import ProofPage, find_prover
from core.mfa.proving.proofs import Proof, ProofHolder, ProofUrls
from core.mfa.selectors import ChallengeView, challenge_state, option_is_down
from core.mfa.views.calls import call_fragment


def proof_page(request: HttpRequest, holder: ProofHolder, urls: ProofUrls) -> HttpResponse:
    """Ask for the factor that a holder needs, and go on when it is proven.

    A POST names its `action`: `option` takes another way of those offered, `cancel` drops it all;
    everything else belongs to the way in hand.
    """
    proof = holder.find(request)
    if proof is None:
        return holder.elsewhere(request)
    if proof.user.is_locked(clock.now()) and not proof.while_locked:
        return holder.locked(request)
    action = request.POST.get("action", "")
    if action == "cancel":
        return holder.cancelled(request)
    if not proof.options:
        template = "mfa/no_phone.html" if proof.option == "phone" else "mfa/no_factor.html"
        return render(request, template)
    if action == "option" and _may_take(proof, request.POST.get("option", "")):
        holder.keep(request, option=request.POST["option"])
        return HttpResponseRedirect(reverse(urls.page))
    page = _page(request, proof, holder, urls)
    answered = page.prover.handle(page) if request.method == "POST" else None
    return page.show() if answered is None else answered


def _may_take(proof: Proof, option: str) -> bool:
    """Tell whether a person may prove it in another way, of those offered here and now."""
    if option in proof.options:
        return True
    return option in proof.fallbacks and option_is_down(proof.option)


def proof_call_state(request: HttpRequest, holder: ProofHolder, urls: ProofUrls) -> HttpResponse:
    """Answer the page's own question whether the call was confirmed (htmx)."""
    proof = holder.find(request)
    if proof is None:
        return stop_asking()
    challenge = proof_challenge(proof)
    return call_fragment(request, challenge, poll=reverse(urls.call), answer=reverse(urls.page))


def proof_challenge(proof: Proof) -> ChallengeView | None:
    """Return where the code or call of a proof stands, None before one was asked for."""
    if proof.challenge is None:
        return None
    return challenge_state(
        challenge_id=proof.challenge, binding=proof.binding, owner=proof.owner, at=clock.now()
    )


def _page(request: HttpRequest, proof: Proof, holder: ProofHolder, urls: ProofUrls) -> ProofPage:
    """Open the page for the way in hand; one that is not open to the account gives way."""
    if proof.option not in proof.options:
        proof = replace(proof, option=proof.options[0], challenge=None, verified=False)
        if request.method == "POST":
            holder.keep(request, option=proof.option)
    return ProofPage(request, proof, holder, urls, find_prover(proof.option))
