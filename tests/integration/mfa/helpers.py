"""Challenges in tests: ask, mint as the outbox would, answer."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner, OwnerKind, Purpose
from core.mfa.models import Challenge
from core.mfa.services.challenges import StartResult, start_challenge
from core.notifications.kinds import Rendered, get_kind
from core.notifications.models import OutboxMessage
from tests.support.people import PHONE, START

RULES = CodeRules(life_seconds=300, max_attempts=3, hold_minutes=None)
ADDRESS = "dana@clinic.example"


def registration_owner() -> Owner:
    return Owner(OwnerKind.REGISTRATION, uuid7())


def ask(
    owner: Owner,
    *,
    at: datetime = START,
    channel: str = "email",
    destination: str | None = None,
    binding: UUID | None = None,
    rules: CodeRules = RULES,
    purpose: Purpose = Purpose.VERIFY_EMAIL,
) -> StartResult:
    """Ask for a code."""
    return start_challenge(
        owner=owner,
        purpose=purpose,
        channel=channel,
        destination=destination or (ADDRESS if channel == "email" else PHONE),
        contract_id=None,
        binding=binding or uuid7(),
        rules=rules,
        at=at,
    )


def asked(owner: Owner, **kwargs: object) -> Challenge:
    """Ask for a code and return the challenge."""
    started = ask(owner, **kwargs)  # type: ignore[arg-type]
    assert started.challenge is not None, started.refusal
    return started.challenge


def mint(challenge: Challenge, *, at: datetime = START) -> Rendered | None:
    """Hand the message over, up to the channel."""
    with transaction.atomic():
        message = OutboxMessage.objects.get(subject_id=challenge.id)
        return get_kind(message.kind).prepare(message, at)


def code_of(challenge: Challenge, *, at: datetime = START) -> str:
    """Mint and return the code."""
    rendered = mint(challenge, at=at)
    assert rendered is not None
    return rendered.code


def other_code(code: str) -> str:
    """Return a code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"
