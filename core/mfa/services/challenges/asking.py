"""Ask for a one-time code. Answers are in `answering.py`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from core.audit.recording import event_of
from core.common.turns import hold_turns
from core.mfa.codes import PROVEN_WHILE_LOCKED, CodeRules, Owner, OwnerKind, Purpose
from core.mfa.limits import sent_codes
from core.mfa.models import Challenge, Channel
from core.mfa.services.challenges.attempts import (
    Standing,
    account_standing,
    closed_until,
    counted_under,
)
from core.mfa.services.challenges.events import happening_of, record_challenge
from core.notifications.services.outbox import enqueue

KIND_OF_CHANNEL = {
    Channel.EMAIL.value: "one_time_code_email",
    Channel.SMS.value: "one_time_code_sms",
    Channel.VOICE.value: "one_time_code_voice",
}
RESET_CODE_KIND = "password_reset_code"
CHANGE_CODE_KIND = "email_change_code"
_KIND_OF_PURPOSE = {
    Purpose.RESET_ADDRESS.value: RESET_CODE_KIND,
    Purpose.CHANGE_EMAIL.value: CHANGE_CODE_KIND,
}
"""Codes for whose mail it is decided at hand-over whether there is a code in it."""
# A message that waited longer than this in the outbox is of no use to anybody.
_DELIVER_WITHIN = timedelta(minutes=10)


class StartRefusal(StrEnum):
    """Why no code is sent."""

    TOO_SOON = "too_soon"
    ATTEMPTS_USED = "attempts_used"
    LOCKED = "locked"


@dataclass(frozen=True)
class StartResult:
    """The challenge, or why there is none and when the next is possible (None: unknown)."""

    challenge: Challenge | None
    refusal: StartRefusal | None = None
    retry_at: datetime | None = None


@transaction.atomic
def start_challenge(
    *,
    owner: Owner,
    purpose: Purpose,
    channel: str,
    destination: str,
    contract_id: UUID | None,
    binding: UUID,
    rules: CodeRules,
    at: datetime,
) -> StartResult:
    """Ask for a code; it is minted when the outbox hands the message over.

    Called by the pages of sign-in and MFA registration, after the person asked for it. Earlier
    codes of the same binding and purpose are superseded; the count of tries goes on. Send limits:
    `codes.py`. Records `challenge.started` or `challenge.refused`; a refusal is a result.
    """
    # The owner's turn first, then the destination's, in every transaction: no two wait for each
    # other. Without the owner's, asking by phone and by mail at once would pass its limit.
    hold_turns(("send-turn-of-owner", f"{owner.kind}:{owner.id}"), ("send-turn", destination))
    standing = _standing(owner, purpose, destination, rules, at=at)
    counted = counted_under(owner, purpose, binding)
    refusal, retry_at = _why_not(standing, purpose, rules, counted=counted, at=at)
    if refusal is not None:
        record_challenge("refused", owner, purpose, channel, result=refusal.value, at=at)
        return StartResult(None, refusal=refusal, retry_at=retry_at)
    if binding in standing.sent.bindings:
        _supersede(owner, purpose, binding, at=at)
    challenge = Challenge(
        owner_kind=owner.kind,
        owner_id=owner.id,
        contract_id=contract_id,
        purpose=purpose,
        channel=channel,
        destination=destination,
        binding=binding,
        voice_confirmation=rules.voice_confirmation if channel == Channel.VOICE else "",
        life_seconds=rules.capped().life_seconds,
        max_attempts=rules.max_attempts,
        hold_minutes=rules.hold_minutes,
        requested_at=at,
    )
    _send(challenge, at=at)
    return StartResult(challenge)


def _supersede(owner: Owner, purpose: Purpose, binding: UUID, *, at: datetime) -> None:
    Challenge.objects.filter(
        owner_kind=owner.kind,
        owner_id=owner.id,
        purpose=purpose,
        binding=binding,
        used_at__isnull=True,
        superseded_at__isnull=True,
    ).update(superseded_at=at)


def _standing(
    owner: Owner, purpose: Purpose, destination: str, rules: CodeRules, *, at: datetime
) -> Standing:
    if owner.kind is OwnerKind.ACCOUNT and purpose not in PROVEN_WHILE_LOCKED:
        return account_standing(owner, purpose, destination, rules, at=at)
    return Standing(
        is_locked=False, has_tries=False, sent=sent_codes(owner, destination, purpose, at=at)
    )


def _why_not(
    standing: Standing, purpose: Purpose, rules: CodeRules, *, counted: Owner, at: datetime
) -> tuple[StartRefusal | None, datetime | None]:
    if standing.is_locked:
        return StartRefusal.LOCKED, None
    if not standing.has_tries:
        is_closed, end = closed_until(counted, purpose, rules, at=at)
        if is_closed:
            return StartRefusal.ATTEMPTS_USED, end
    next_at = standing.sent.next_at
    return (StartRefusal.TOO_SOON, next_at) if next_at else (None, None)


def _send(challenge: Challenge, *, at: datetime) -> None:
    """Write the challenge, its message and its event, by one statement."""
    is_account = challenge.owner_kind == OwnerKind.ACCOUNT
    enqueue(
        kind=_kind_of(challenge),
        to=challenge.destination,
        subject_id=challenge.id,
        contract_id=challenge.contract_id,
        account_id=challenge.owner_id if is_account else None,
        not_after=at + _DELIVER_WITHIN,
        beside=(challenge, event_of(happening_of(challenge, "started"), at=at)),
        at=at,
    )


def _kind_of(challenge: Challenge) -> str:
    own = _KIND_OF_PURPOSE.get(str(challenge.purpose))
    return own or KIND_OF_CHANNEL[challenge.channel]
