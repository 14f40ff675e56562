"""Write to a message's row what became of it, and tell who needs to know."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final

from django.db import transaction

from core.audit.recording import record
from core.common.failures import describe_safely
from core.notifications.channels.base import get_channel
from core.notifications.kinds import MessageKind
from core.notifications.models import OutboxMessage
from core.notifications.states import LEFT, Channel, MessageStatus, check_transition

logger = logging.getLogger(__name__)

BACKOFF_SECONDS: Final = (5, 15, 60, 300, 900, 3600)
LONGEST_WAIT: Final = timedelta(hours=1)
MAX_ATTEMPTS: Final = 16
_AUDITED: Final = {
    MessageStatus.FAILED: "message.failed",
    MessageStatus.UNKNOWN: "message.unsettled",
    MessageStatus.EXPIRED: "message.expired",
    MessageStatus.BOUNCED: "message.bounced",
    MessageStatus.COMPLAINED: "message.complained",
}
_UNTOLD: Final = frozenset({MessageStatus.QUEUED, MessageStatus.CANCELLED})
_random: Final = SystemRandom()


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt. `trouble` says that the channel itself failed, None: not asked."""

    status: MessageStatus
    reference: str = ""
    failure: str = ""
    trouble: bool | None = None
    retry_after: float | None = None
    bad_address: bool = False


def lost_answer(kind: MessageKind, reason: str, *, trouble: bool | None = None) -> Outcome:
    """Return what follows when nobody knows whether the provider took the message."""
    status = MessageStatus.UNKNOWN if kind.at_most_once else MessageStatus.QUEUED
    return Outcome(status, failure=reason, trouble=trouble)


def apply_outcome(
    message: OutboxMessage, kind: MessageKind | None, outcome: Outcome, *, at: datetime
) -> MessageStatus:
    """Write an outcome to a locked row, tell its kind, and audit what did not arrive."""
    status = outcome.status
    if status == MessageStatus.QUEUED and message.attempts >= MAX_ATTEMPTS:
        status = MessageStatus.FAILED
    if status in {MessageStatus.QUEUED, MessageStatus.UNKNOWN}:
        message.next_attempt_at = at + pause_after(message.attempts, outcome.retry_after)
    if message.status != status:
        check_transition(message.status, status)
    message.status = status
    message.failure = outcome.failure[:200]
    message.provider_reference = (outcome.reference or message.provider_reference)[:200]
    message.sent_at = (message.sent_at or at) if status in LEFT else None
    message.save(
        update_fields=[
            "status", "attempts", "next_attempt_at", "failure", "provider_reference", "sent_at"
        ]
    )  # fmt: skip
    if outcome.failure and status != MessageStatus.CANCELLED:
        logger.warning("message %s (%s): %s, %s", message.id, message.kind, status, outcome.failure)
    _audit(message, at=at)
    tell_kind(message, kind, at=at)
    return status


def put_off(message: OutboxMessage, *, until: datetime, reason: str) -> MessageStatus:
    """Let a locked row wait without counting an attempt: nothing was tried."""
    message.next_attempt_at = until + timedelta(seconds=5 * _random.random())
    message.failure = reason
    message.save(update_fields=["next_attempt_at", "failure"])
    return MessageStatus(message.status)


def tell_kind(message: OutboxMessage, kind: MessageKind | None, *, at: datetime) -> None:
    """Tell the kind's listener where its message stands; the outcome stands, whatever it does."""
    if kind is None or kind.on_outcome is None or message.status in _UNTOLD:
        return
    try:
        with transaction.atomic():
            kind.on_outcome(message, at)
    except Exception as error:  # noqa: BLE001 - the outcome stands, whatever its listener does
        logger.error(  # noqa: TRY400 - a traceback may quote what the message held
            "the outcome of message %s was not heard: %s", message.id, describe_safely(error)
        )


def backoff(attempts: int) -> timedelta:
    """Return how long to wait at least after so many attempts: 5 seconds first, then to an hour."""
    return timedelta(seconds=BACKOFF_SECONDS[min(max(attempts, 1), len(BACKOFF_SECONDS)) - 1])


def pause_after(attempts: int, retry_after: float | None = None) -> timedelta:
    """Return how long to wait: the back-off and up to half of it more, so that what failed
    together does not come back together; longer where the provider asks for it, an hour at most.
    """
    base = backoff(attempts)
    asked = timedelta(seconds=min(retry_after or 0.0, LONGEST_WAIT.total_seconds()))
    return max(base, asked) + base * (_random.random() / 2)


def repeats_safely(message: OutboxMessage) -> bool:
    """Tell whether the message's channel may be asked again without a second effect."""
    return message.channel == Channel.VOICE and get_channel(message.channel).repeats_safely


def _audit(message: OutboxMessage, *, at: datetime) -> None:
    event_type = _AUDITED.get(MessageStatus(message.status))
    if event_type:
        record(
            event_type,
            contract_id=message.contract_id,
            subject=("outbox_message", message.id),
            result=message.status,
            data={"kind": message.kind, "channel": message.channel, "reason": message.failure},
            at=at,
        )
