"""How a session holds a proof under way: a confirmation, a step-up. Nothing secret is in it."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from django.http import HttpRequest

from core.common import clock
from core.common.ids import uuid7
from core.mfa.codes import LONGEST_LIFE_SECONDS

_WAITS_FOR_CONTINUE: Final = timedelta(seconds=LONGEST_LIFE_SECONDS)
"""After a right code, as long as a code lives at most: what is proven is proven now."""


@dataclass
class KeptProof:
    """How far a proof has come: what its codes are bound to, and where it leads.

    `contract` is the key of the contract in which it began, "" on the portal host; `as_admin` says
    that the person is about to administer there. `verified_at` (seconds since 1970) is when the
    code was right and only Continue was missing.
    """

    binding: str
    contract: str
    target: str = ""
    option: str = ""
    challenge: str = ""
    verified_at: float = 0.0
    as_admin: bool = False

    @classmethod
    def new(cls, *, contract: str, target: str = "", option: str = "") -> Self:
        """Begin one, with a binding of its own."""
        return cls(binding=str(uuid7()), contract=contract, target=target, option=option)

    @property
    def challenge_id(self) -> UUID | None:
        """Return what was asked for last."""
        return UUID(self.challenge) if self.challenge else None

    @property
    def contract_id(self) -> UUID | None:
        """Return the contract in which it began."""
        return UUID(self.contract) if self.contract else None

    def is_verified(self, at: datetime) -> bool:
        """Tell whether the code was right, so lately that Continue may still follow."""
        return at.timestamp() - self.verified_at < _WAITS_FOR_CONTINUE.total_seconds()


@dataclass(frozen=True)
class SessionProofs:
    """Where proofs of one sort lie in a session, one at a time; the part of a holder that keeps."""

    key: str

    def of(self, request: HttpRequest) -> KeptProof | None:
        """Return the proof of this session, or None."""
        try:
            return KeptProof(**request.session[self.key])
        except (KeyError, TypeError):
            return None

    def save(self, request: HttpRequest, kept: KeptProof) -> KeptProof:
        """Write a proof into the session."""
        request.session[self.key] = asdict(kept)
        return kept

    def drop(self, request: HttpRequest) -> None:
        """Forget the proof of this session."""
        request.session.pop(self.key, None)

    def keep(
        self,
        request: HttpRequest,
        *,
        option: str | None = None,
        challenge: UUID | None = None,
        verified: bool | None = None,
        target: str | None = None,
    ) -> None:
        """Write down how far it has come (`keep` of core.mfa.proving.proofs), or where it leads."""
        kept = self.of(request)
        if kept is None:
            return
        if option is not None:
            kept.option, kept.challenge, kept.verified_at = option, "", 0.0
        if challenge is not None:
            kept.challenge = str(challenge)
        if verified is not None:
            kept.verified_at = clock.now().timestamp() if verified else 0.0
        if target is not None:
            kept.target = target
        self.save(request, kept)
