"""Hand messages over to their channels.

Three steps, each with its own end: claim (one transaction: lock, mint, mark as being sent,
commit), hand over (no transaction: the provider is called), settle (one transaction: record the
outcome). A worker that dies between claim and settle leaves a row that says so.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from core.audit.recording import record
from core.notifications.channels.base import (
    MessageChannel,
    OutcomeUnknownError,
    PermanentRefusalError,
    Sender,
    TransientRefusalError,
    get_channel,
)
from core.notifications.failures import describe_safely
from core.notifications.kinds import MessageKind, Rendered, UnknownKindError, get_kind
from core.notifications.models import OutboxMessage
from core.notifications.senders import sender_for
from core.notifications.states import MessageStatus, check_transition, may_become

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

STUCK_AFTER: Final = timedelta(seconds=60)
BACKOFF_SECONDS: Final = (5, 15, 60, 300, 900, 3600)
MAX_ATTEMPTS: Final = 16
_AUDITED: Final = {
    MessageStatus.FAILED: "message.failed",
    MessageStatus.UNKNOWN: "message.unsettled",
    MessageStatus.EXPIRED: "message.expired",
}


@dataclass(frozen=True)
class _Claim:
    """A row in this worker's hands, with everything needed to hand it over."""

    message: OutboxMessage
    kind: MessageKind
    rendered: Rendered
    channel: MessageChannel
    sender: Sender


@dataclass(frozen=True)
class _Outcome:
    status: MessageStatus
    reference: str = ""
    failure: str = ""


def deliver_message(*, message_id: UUID, clock: Clock) -> MessageStatus | None:
    """Hand one message over if it waits and is due; called by workers, any number at once.

    `clock` is read at the claim, from which the life of a code or link runs, and again when the
    provider has answered. Returns the state reached, or None when there was nothing to do: another
    worker has the row, it is done already, or its next attempt lies ahead. What goes wrong is
    recorded on the row and logged without addresses or texts; only a lost database raises.
    """
    claim = _claim(message_id, at=clock())
    if not isinstance(claim, _Claim):
        return claim
    return _settle(claim, _hand_over(claim), at=clock())


def recover_stuck(*, at: datetime) -> int:
    """Settle rows whose worker was lost in mid-delivery; returns how many.

    Nobody knows whether the provider took them. A code stays unknown and is not sent again; a link
    or notice goes back to the queue, where it is minted anew.
    """
    with transaction.atomic(durable=True):
        stuck = OutboxMessage.objects.select_for_update(skip_locked=True).filter(
            status=MessageStatus.SENDING, claimed_at__lte=at - STUCK_AFTER
        )[:200]
        recovered = 0
        for message in stuck:
            kind = _find_kind(message)
            if kind is not None:
                _apply(message, kind, _outcome_unknown(kind, "worker lost"), at=at)
                recovered += 1
        return recovered


def _claim(message_id: UUID, *, at: datetime) -> _Claim | MessageStatus | None:
    try:
        # Durable: the mark must be on disk before the provider hears anything.
        with transaction.atomic(durable=True):
            message = _lock(message_id)
            if message is None or (message.attempts and message.next_attempt_at > at):
                return None
            return _prepare(message, at=at)
    except Exception as error:  # noqa: BLE001 - whatever a kind raises, the row must not be lost
        return _postpone(message_id, describe_safely(error), at=at)


def _lock(message_id: UUID) -> OutboxMessage | None:
    return (
        OutboxMessage.objects.select_for_update(skip_locked=True)
        .filter(id=message_id, status=MessageStatus.QUEUED)
        .first()
    )


def _prepare(message: OutboxMessage, *, at: datetime) -> _Claim | MessageStatus:
    kind = get_kind(message.kind)
    if message.not_after is not None and message.not_after <= at:
        return _apply(message, kind, _Outcome(MessageStatus.EXPIRED, failure="too late"), at=at)
    channel = get_channel(message.channel)
    sender = sender_for(message.contract_id)
    rendered = kind.prepare(message, at)
    if rendered is None:
        outcome = _Outcome(MessageStatus.CANCELLED, failure="no longer wanted")
        return _apply(message, kind, outcome, at=at)
    check_transition(message.status, MessageStatus.SENDING)
    message.status = MessageStatus.SENDING
    message.attempts += 1
    message.claimed_at = at
    message.save(update_fields=["status", "attempts", "claimed_at"])
    return _Claim(message, kind, rendered, channel, sender)


def _hand_over(claim: _Claim) -> _Outcome:
    try:
        receipt = claim.channel.send(
            claim.rendered, sender=claim.sender, reference=str(claim.message.id)
        )
    except PermanentRefusalError as error:
        return _Outcome(MessageStatus.FAILED, failure=error.reason)
    except TransientRefusalError as error:
        return _Outcome(MessageStatus.QUEUED, failure=error.reason)
    except OutcomeUnknownError as error:
        return _outcome_unknown(claim.kind, error.reason)
    except Exception as error:  # noqa: BLE001 - a channel's fault must not take the row with it
        return _outcome_unknown(claim.kind, describe_safely(error))
    return _Outcome(MessageStatus.SENT, reference=receipt.reference)


def _outcome_unknown(kind: MessageKind, reason: str) -> _Outcome:
    status = MessageStatus.UNKNOWN if kind.at_most_once else MessageStatus.QUEUED
    return _Outcome(status, failure=reason)


def _settle(claim: _Claim, outcome: _Outcome, *, at: datetime) -> MessageStatus:
    with transaction.atomic(durable=True):
        message = OutboxMessage.objects.select_for_update().get(id=claim.message.id)
        if message.attempts != claim.message.attempts or not may_become(
            message.status, outcome.status
        ):
            logger.warning("message %s was settled by another worker", message.id)
            return MessageStatus(message.status)
        return _apply(message, claim.kind, outcome, at=at)


def _postpone(message_id: UUID, reason: str, *, at: datetime) -> MessageStatus | None:
    """Count an attempt that failed before anything left."""
    with transaction.atomic(durable=True):
        message = _lock(message_id)
        if message is None:
            return None
        message.attempts += 1
        outcome = _Outcome(MessageStatus.QUEUED, failure=reason)
        return _apply(message, _find_kind(message), outcome, at=at)


def _find_kind(message: OutboxMessage) -> MessageKind | None:
    """Return the message's kind; a release that knows it may be on its way to this worker."""
    try:
        return get_kind(message.kind)
    except UnknownKindError:
        return None


def _apply(
    message: OutboxMessage, kind: MessageKind | None, outcome: _Outcome, *, at: datetime
) -> MessageStatus:
    """Write an outcome to a locked row, tell its kind, and audit what did not arrive."""
    status = outcome.status
    if status == MessageStatus.QUEUED:
        if message.attempts >= MAX_ATTEMPTS:
            status = MessageStatus.FAILED
        else:
            message.next_attempt_at = at + backoff(message.attempts)
    if message.status != status:
        check_transition(message.status, status)
    message.status = status
    message.failure = outcome.failure[:200]
    message.provider_reference = outcome.reference[:200]
    message.sent_at = at if status == MessageStatus.SENT else None
    message.save(
        update_fields=[
            "status", "attempts", "next_attempt_at", "failure", "provider_reference", "sent_at"
        ]
    )  # fmt: skip
    if outcome.failure and status != MessageStatus.CANCELLED:
        logger.warning("message %s (%s): %s, %s", message.id, message.kind, status, outcome.failure)
    _tell(message, kind, at=at)
    return status


def _tell(message: OutboxMessage, kind: MessageKind | None, *, at: datetime) -> None:
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
    if kind is None or kind.on_outcome is None or message.status in _UNTOLD:
        return
    try:
        with transaction.atomic():
            kind.on_outcome(message, at)
    except Exception as error:  # noqa: BLE001 - the outcome stands, whatever its listener does
        logger.error(  # noqa: TRY400 - a traceback may quote what the message held
            "the outcome of message %s was not heard: %s", message.id, describe_safely(error)
        )


_UNTOLD: Final = frozenset({MessageStatus.QUEUED, MessageStatus.CANCELLED})


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: 5 seconds at first, an hour at most."""
    return timedelta(seconds=BACKOFF_SECONDS[min(max(attempts, 1), len(BACKOFF_SECONDS)) - 1])
