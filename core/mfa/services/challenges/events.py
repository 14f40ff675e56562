"""The audit events of challenges."""

from datetime import datetime
from uuid import UUID

from core.audit.recording import Happening, record
from core.mfa.codes import Owner, OwnerKind
from core.mfa.models import Challenge


def record_challenge(
    verb: str,
    owner: Owner,
    purpose: str,
    channel: str,
    *,
    at: datetime,
    result: str = "ok",
    challenge_id: UUID | None = None,
) -> None:
    """Record `challenge.<verb>` for an owner, in the contract of the request."""
    data = _data(purpose, channel, challenge_id)
    subject = (owner.kind.value, owner.id)
    record(f"challenge.{verb}", subject=subject, result=result, data=data, at=at)


def happening_of(challenge: Challenge, verb: str, *, result: str = "ok") -> Happening:
    """Return `challenge.<verb>` for a challenge, for whoever records several events at once.

    In the contract of the challenge: the report of a call comes to no contract's address.
    """
    return Happening(
        f"challenge.{verb}",
        contract_id=challenge.contract_id,
        subject=(challenge.owner_kind, challenge.owner_id),
        result=result,
        data=_data(challenge.purpose, challenge.channel, challenge.id),
    )


def owner_of(challenge: Challenge) -> Owner:
    """Return whose challenge it is."""
    return Owner(OwnerKind(challenge.owner_kind), challenge.owner_id)


def _data(purpose: str, channel: str, challenge_id: UUID | None) -> dict[str, object]:
    key = str(challenge_id) if challenge_id else None
    return {"purpose": str(purpose), "channel": channel, "challenge": key}
