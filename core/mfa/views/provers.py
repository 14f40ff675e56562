"""Proving a phone by a text or a call, and an e-mail address by a code."""

from django.http import HttpResponse

from core.accounts.models import User
from core.accounts.policies import policy_for
from core.common import clock
from core.common.addresses import find_address
from core.common.masking import mask_phone
from core.mfa.forms import CodeForm
from core.mfa.models import Channel, FactorKind
from core.mfa.policies import sign_in_rules
from core.mfa.proving.methods import Context, ProofPage
from core.mfa.selectors import phone_in_hand, was_used_just_now
from core.mfa.services.challenges import (
    StartRefusal,
    Verdict,
    start_challenge,
    use_answered_call,
    verify_challenge,
)
from core.mfa.views.proving import proof_challenge
from core.mfa.views.refusals import why_not_sent, why_not_verified


class PhoneProver:
    """A code by text to the account's number, or a call to it."""

    label = "Text or call to your phone"
    template = "mfa/challenge_phone.html"

    def is_available(self, user: User, kinds: frozenset[str]) -> bool:
        """Tell whether the account has a proven number."""
        return FactorKind.PHONE in kinds

    def context(self, page: ProofPage) -> Context:
        """Return the masked number and where the code or call stands."""
        number = phone_in_hand(page.proof.user) or ""
        return _context(page) | {"destination": mask_phone(number)}

    def handle(self, page: ProofPage) -> HttpResponse | None:
        """Send a code or call, compare a code, go on after a call."""
        match page.action:
            case "send":
                wants_call = page.request.POST.get("channel") == Channel.VOICE
                channel = Channel.VOICE if wants_call else Channel.SMS
                return _send(page, channel.value, phone_in_hand(page.proof.user) or "")
            case "verify":
                return _verify(page) or page.proven(Channel.SMS.value)
            case "continue":
                return self._after_call(page)
        return None

    def _after_call(self, page: ProofPage) -> HttpResponse | None:
        if page.proof.challenge is None:
            return None
        result = use_answered_call(
            challenge_id=page.proof.challenge, binding=page.proof.binding, at=clock.now()
        )
        if result.is_ok:
            return page.proven(Channel.VOICE.value)
        return page.show({"call_pending": True})


class EmailProver:
    """A code to the account's own address, then Continue."""

    label = "Code to your e-mail address"
    template = "mfa/challenge_email.html"

    def is_available(self, user: User, kinds: frozenset[str]) -> bool:
        """Tell whether the account has proven its address."""
        return FactorKind.EMAIL in kinds

    def context(self, page: ProofPage) -> Context:
        """Return the address and where the code stands."""
        return _context(page) | {"destination": page.proof.user.email}

    def handle(self, page: ProofPage) -> HttpResponse | None:
        """Send a code, compare it, go on once it was right."""
        match page.action:
            case "send":
                return _send(page, Channel.EMAIL.value, page.proof.user.email)
            case "verify" if page.proof.verified:
                return page.again()
            case "verify":
                return _verify(page) or page.verified()
            case "continue" if page.proof.verified:
                return page.proven(Channel.EMAIL.value)
        return None


def _context(page: ProofPage) -> Context:
    challenge = None if page.proof.verified else proof_challenge(page.proof)
    return {
        "form": CodeForm() if challenge else None,
        "challenge": challenge,
        "verified": page.proof.verified,
        "poll": find_address(page.urls.call),
        "answer": find_address(page.urls.page),
    }


def _send(page: ProofPage, channel: str, destination: str) -> HttpResponse:
    proof = page.proof
    started = start_challenge(
        owner=proof.owner,
        purpose=proof.purpose,
        channel=channel,
        destination=destination,
        contract_id=proof.contract_id,
        binding=proof.binding,
        rules=sign_in_rules(policy_for(proof.user), channel),
        at=clock.now(),
    )
    if started.challenge is not None:
        page.keep(challenge=started.challenge.id)
        return page.again()
    if started.refusal is StartRefusal.LOCKED:
        return page.locked()
    return page.show(why_not_sent(started))


def _verify(page: ProofPage) -> HttpResponse | None:
    """Compare the typed code; returns the page that refuses it, None for a right one."""
    form = CodeForm(page.request.POST)
    if not form.is_valid() or page.proof.challenge is None:
        return page.show({"form": form})
    result = verify_challenge(
        challenge_id=page.proof.challenge,
        binding=page.proof.binding,
        code=form.cleaned_data["code"],
        at=clock.now(),
    )
    if result.verdict is Verdict.LOCKED:
        return page.locked()
    if result.verdict is Verdict.EXPIRED and _was_pressed_twice(page):
        # What the browser shows is the second answer: lead on, as the first did.
        return page.again()
    if not result.is_ok:
        form.add_error("code", why_not_verified(result))
        return page.show({"form": form})
    return None


def _was_pressed_twice(page: ProofPage) -> bool:
    proof = page.proof
    return proof.challenge is not None and was_used_just_now(
        challenge_id=proof.challenge, binding=proof.binding, at=clock.now()
    )
