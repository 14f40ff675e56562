"""Proving an authenticator app, a passkey, or with a recovery code in their place."""

from django.http import HttpResponse

from core.accounts.models import User
from core.common import clock
from core.mfa.authenticators.passkey_domain import party_of
from core.mfa.forms import AppCodeForm, RecoveryCodeForm
from core.mfa.models import STRONGER, FactorKind
from core.mfa.proving.methods import Context, ProofPage
from core.mfa.selectors import count_recovery_codes, has_passkey_for, working_kinds
from core.mfa.services.challenges import Verdict, VerifyResult
from core.mfa.services.passkeys import ask_for_passkey, verify_passkey
from core.mfa.services.recovery import verify_recovery_code
from core.mfa.services.totp import verify_app_code
from core.mfa.services.tries import Asked
from core.mfa.views.enrolment import answer_of, options_answer
from core.mfa.views.refusals import why_not_verified


class AppProver:
    """A code of the authenticator app."""

    label = "Code from your authenticator app"
    template = "mfa/challenge_app.html"

    def is_available(self, user: User, kinds: frozenset[str]) -> bool:
        """Tell whether the account has an app."""
        return FactorKind.TOTP in kinds

    def context(self, page: ProofPage) -> Context:
        """Return the empty field."""
        return {"form": AppCodeForm()}

    def handle(self, page: ProofPage) -> HttpResponse | None:
        """Compare a code."""
        if page.action != "verify":
            return None
        form = AppCodeForm(page.request.POST)
        if not form.is_valid():
            return page.show({"form": form})
        result = verify_app_code(
            asked=asked_by(page, "totp"), code=form.cleaned_data["code"], at=clock.now()
        )
        if result.verdict is Verdict.LOCKED:
            return page.locked()
        if not result.is_ok:
            form.add_error("code", _why_app_not(result))
            return page.show({"form": form})
        return page.proven("totp")


class RecoveryProver:
    """One of the spare codes, where app or passkey are not at hand."""

    label = "Recovery code"
    template = "mfa/challenge_recovery.html"

    def is_available(self, user: User, kinds: frozenset[str]) -> bool:
        """Tell whether the account has codes left for an app or a passkey of its own."""
        return bool(kinds & STRONGER) and count_recovery_codes(user.id) > 0

    def context(self, page: ProofPage) -> Context:
        """Return the empty field."""
        return {"form": RecoveryCodeForm()}

    def handle(self, page: ProofPage) -> HttpResponse | None:
        """Use a code."""
        if page.action != "verify":
            return None
        form = RecoveryCodeForm(page.request.POST)
        if not form.is_valid():
            return page.show({"form": form})
        result = verify_recovery_code(
            asked=asked_by(page, "recovery"), code=form.cleaned_data["code"], at=clock.now()
        )
        if result.verdict is Verdict.LOCKED:
            return page.locked()
        if not result.is_ok:
            form.add_error("code", why_not_verified(result))
            return page.show({"form": form})
        return page.proven("recovery")


class PasskeyProver:
    """A passkey or security key; the page's script carries question and answer."""

    label = "Passkey or security key"
    template = "mfa/challenge_passkey.html"

    def is_available(self, user: User, kinds: frozenset[str]) -> bool:
        """Tell whether the account has one that was not stopped."""
        return FactorKind.PASSKEY in kinds and FactorKind.PASSKEY in working_kinds(user.id)

    def context(self, page: ProofPage) -> Context:
        """Tell whether one of them is good for this host."""
        party = party_of(page.request)
        usable = party is not None and has_passkey_for(page.proof.user.id, party.rp_id)
        return {"usable": usable}

    def handle(self, page: ProofPage) -> HttpResponse | None:
        """Ask the authenticator, or check its answer."""
        match page.action:
            case "passkey_options":
                return self._ask(page)
            case "passkey":
                return self._check(page)
        return None

    def _ask(self, page: ProofPage) -> HttpResponse:
        party = party_of(page.request)
        options = party and ask_for_passkey(
            asked=asked_by(page, "passkey"),
            binding=page.proof.binding,
            party=party,
            at=clock.now(),
        )
        return options_answer(options or None)

    def _check(self, page: ProofPage) -> HttpResponse:
        party, answer = party_of(page.request), answer_of(page.request)
        if party is None or answer is None:
            return page.show({"refused": True})
        result = verify_passkey(
            asked=asked_by(page, "passkey"),
            binding=page.proof.binding,
            party=party,
            response=answer,
            at=clock.now(),
        )
        if result.verdict is Verdict.LOCKED:
            return page.locked()
        return page.proven("passkey") if result.is_ok else page.show({"refused": True})


def asked_by(page: ProofPage, channel: str) -> Asked:
    """Return whose answer a page of a proof brings, and what for."""
    proof = page.proof
    return Asked(
        user_id=proof.user.id,
        purpose=proof.purpose,
        channel=channel,
        contract_id=proof.contract_id,
        while_locked=proof.while_locked,
    )


def _why_app_not(result: VerifyResult) -> str:
    """Say the same of a wrong code and of one that was used already."""
    if result.verdict is Verdict.WRONG:
        return f"{why_not_verified(result)} Each code works once: wait for the next one."
    return why_not_verified(result)
