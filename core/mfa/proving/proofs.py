"""What it is to prove a factor, whatever for: sign-in, password reset, a fresh sign-in, a step-up.

Whoever needs a proof is a holder: it knows whose factor is asked for, keeps how far the proof has
come, and says what follows. The one page that asks is `core.mfa.views.proving`; the ways to prove
register themselves in `core.mfa.proving.methods`.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from core.accounts.models import User
from core.mfa.codes import Owner, OwnerKind, Purpose


@dataclass(frozen=True)
class Proof:
    """A proof under way.

    `binding` is what its codes are bound to. `option` is the way in hand (phone, email, totp,
    passkey, recovery), one of `options`; empty options mean that the person has nothing to prove
    it with. `challenge` is what was asked for last, `verified` that its code was right and only
    Continue is missing. `fallbacks` are offered only while nothing goes out by the way in hand.
    `while_locked` lets a locked account prove it, which unlocks nothing yet. `reason` is a sentence
    that says who asks.
    """

    user: User
    purpose: Purpose
    binding: UUID
    contract_id: UUID | None
    option: str
    options: tuple[str, ...]
    challenge: UUID | None
    verified: bool
    while_locked: bool = False
    reason: str = ""
    fallbacks: tuple[str, ...] = ()

    @property
    def owner(self) -> Owner:
        """Return under whom the codes are counted."""
        return Owner(OwnerKind.ACCOUNT, self.user.id)


@dataclass(frozen=True)
class ProofUrls:
    """The names of a holder's addresses: the page, and where it asks how a call stands."""

    page: str
    call: str


class ProofHolder(Protocol):
    """Who needs a proof. Holds no state of its own: it lies in the session or in a row."""

    def find(self, request: HttpRequest) -> Proof | None:
        """Return the proof that this browser has to bring now, or None."""

    def keep(
        self,
        request: HttpRequest,
        *,
        option: str | None = None,
        challenge: UUID | None = None,
        verified: bool | None = None,
    ) -> None:
        """Write down how far the proof has come; another option forgets challenge and verified."""

    def proven(self, request: HttpRequest, proof: Proof, method: str) -> HttpResponse:
        """Go on: `method` was proven just now (sms, voice, email, totp, passkey, recovery)."""

    def cancelled(self, request: HttpRequest) -> HttpResponse:
        """Drop what was under way, as the person asked."""

    def elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Lead on who has nothing to prove here: it is done already, or was never begun."""

    def locked(self, request: HttpRequest) -> HttpResponse:
        """Drop what was under way because the account is locked, and say so."""
