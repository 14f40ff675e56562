"""Hand messages over to their channels.

Three steps, each with its own end: claim (one transaction: lock, mint, mark as being sent,
commit), hand over (no transaction: the provider is called), settle (one transaction: record the
outcome). A worker that dies between claim and settle leaves a row that says so.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from core.common.compiled import CompiledQuery
from core.common.failures import describe_safely
from core.notifications.channels.base import (
    CallReader,
    DeliveryError,
    MessageChannel,
    OutcomeUnknownError,
    PermanentRefusalError,
    Sender,
    get_channel,
)
from core.notifications.kinds import MessageKind, Rendered, UnknownKindError, get_kind
from core.notifications.models import OutboxMessage
from core.notifications.selectors import CALL_ATTEMPTS
from core.notifications.senders import sender_for
from core.notifications.services import breaker
from core.notifications.services.budgets import count_message
from core.notifications.services.holding import withhold
from core.notifications.services.settling import (
    Outcome,
    apply_outcome,
    lost_answer,
    put_off,
    repeats_safely,
)
from core.notifications.services.suppression import suppress
from core.notifications.services.watching import watch_call
from core.notifications.states import (
    Channel,
    MessageStatus,
    SuppressionReason,
    check_transition,
    may_become,
)

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

STUCK_AFTER: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class _Claim:
    """A row in this worker's hands, with everything needed to hand it over."""

    message: OutboxMessage
    kind: MessageKind
    rendered: Rendered
    channel: MessageChannel
    sender: Sender
    at: datetime
    asked_before: bool = False


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

    Nobody knows whether the provider took them. A code stays unknown and is not sent again (a call
    is asked for again where the provider makes one call of both requests); a link or notice goes
    back to the queue, where it is minted anew.
    """
    with transaction.atomic(durable=True):
        stuck = OutboxMessage.objects.select_for_update(skip_locked=True).filter(
            status=MessageStatus.SENDING, claimed_at__lte=at - STUCK_AFTER
        )[:200]
        recovered = 0
        for message in stuck:
            kind = _find_kind(message)
            if kind is not None:
                apply_outcome(message, kind, lost_answer(kind, "worker lost"), at=at)
                recovered += 1
        return recovered


def _claim(message_id: UUID, *, at: datetime) -> _Claim | MessageStatus | None:
    try:
        # Durable: the mark must be on disk before the provider hears anything.
        with transaction.atomic(durable=True):
            message = _lock(message_id)
            if message is None or (message.attempts and message.next_attempt_at > at):
                return None
            if message.status == MessageStatus.UNKNOWN:
                return _claim_again(message, at=at)
            return _prepare(message, at=at)
    except Exception as error:  # noqa: BLE001 - whatever a kind raises, the row must not be lost
        return _postpone(message_id, describe_safely(error), at=at)


def _waiting(message_id: UUID) -> "QuerySet[OutboxMessage]":
    held = OutboxMessage.objects.select_for_update(skip_locked=True).filter(id=message_id)
    return held.filter(
        Q(status=MessageStatus.QUEUED)
        | Q(status=MessageStatus.UNKNOWN, channel=Channel.VOICE, attempts__lt=CALL_ATTEMPTS)
    )


_WAITING = CompiledQuery(_waiting)
_HELD = CompiledQuery(
    lambda message_id: OutboxMessage.objects.select_for_update().filter(id=message_id)
)


def _lock(message_id: UUID) -> OutboxMessage | None:
    return _WAITING.first(message_id=message_id)


def _prepare(message: OutboxMessage, *, at: datetime) -> _Claim | MessageStatus:
    kind = get_kind(message.kind)
    if _is_too_late(message, at):
        return apply_outcome(
            message, kind, Outcome(MessageStatus.EXPIRED, failure="too late"), at=at
        )
    held = withhold(message=message, kind=kind, at=at)
    if held is not None:
        return apply_outcome(message, kind, Outcome(MessageStatus.CANCELLED, failure=held), at=at)
    admission = breaker.admit(channel=message.channel, at=at)
    if admission.retry_at is not None:
        return put_off(message, until=admission.retry_at, reason="channel down")
    channel, sender = _way_of(message)
    rendered = kind.prepare(message, at)
    if rendered is None:
        if admission.is_probe:
            breaker.give_probe_back(channel=message.channel)
        outcome = Outcome(MessageStatus.CANCELLED, failure="no longer wanted")
        return apply_outcome(message, kind, outcome, at=at)
    _mark(message, at=at)
    return _Claim(message, kind, rendered, channel, sender, at)


def _claim_again(message: OutboxMessage, *, at: datetime) -> _Claim | None:
    """Take a call whose answer was lost in hand again; the provider makes one call of both."""
    kind = get_kind(message.kind)
    if _is_too_late(message, at) or not repeats_safely(message):
        return None
    admission = breaker.admit(channel=message.channel, at=at)
    if admission.retry_at is not None:
        put_off(message, until=admission.retry_at, reason=message.failure)
        return None
    channel, sender = _way_of(message)
    rendered = kind.prepare(message, at)
    if rendered is None:
        # Answered or superseded meanwhile: there is nothing left to ask.
        message.attempts = CALL_ATTEMPTS
        message.save(update_fields=["attempts"])
        return None
    _mark(message, at=at)
    return _Claim(message, kind, rendered, channel, sender, at, asked_before=True)


def _way_of(message: OutboxMessage) -> tuple[MessageChannel, Sender]:
    channel = message.channel
    return get_channel(channel), sender_for(message.contract_id, channel=channel)


def _is_too_late(message: OutboxMessage, at: datetime) -> bool:
    return message.not_after is not None and message.not_after <= at


def _mark(message: OutboxMessage, *, at: datetime) -> None:
    check_transition(message.status, MessageStatus.SENDING)
    message.status = MessageStatus.SENDING
    message.attempts += 1
    message.claimed_at = at
    message.save(update_fields=["status", "attempts", "claimed_at"])


def _hand_over(claim: _Claim) -> Outcome:
    try:
        receipt = claim.channel.send(
            claim.rendered, sender=claim.sender, reference=str(claim.message.id)
        )
    except DeliveryError as error:
        outcome = _outcome_of(claim.kind, error)
    except Exception as error:  # noqa: BLE001 - a channel's fault must not take the row with it
        outcome = lost_answer(claim.kind, describe_safely(error), trouble=True)
    else:
        return Outcome(MessageStatus.SENT, reference=receipt.reference, trouble=False)
    if claim.asked_before:
        # Whatever this request met with, the one before it may have been taken.
        return replace(outcome, status=MessageStatus.UNKNOWN)
    return outcome


def _outcome_of(kind: MessageKind, error: DeliveryError) -> Outcome:
    if isinstance(error, PermanentRefusalError):
        return Outcome(
            MessageStatus.FAILED,
            failure=error.reason,
            trouble=False,
            bad_address=error.bad_address,
        )
    if isinstance(error, OutcomeUnknownError):
        return lost_answer(kind, error.reason, trouble=error.of_channel)
    return Outcome(
        MessageStatus.QUEUED,
        failure=error.reason,
        trouble=error.of_channel,
        retry_after=error.retry_after,
    )


def _settle(claim: _Claim, outcome: Outcome, *, at: datetime) -> MessageStatus:
    with transaction.atomic(durable=True):
        [message] = _HELD.all(message_id=claim.message.id)
        status = _record_outcome(claim, message, outcome, at=at)
        _tell_breaker(claim, outcome, at=at)
        return status


def _record_outcome(
    claim: _Claim, message: OutboxMessage, outcome: Outcome, *, at: datetime
) -> MessageStatus:
    if message.attempts != claim.message.attempts or not may_become(message.status, outcome.status):
        logger.warning("message %s was settled by another worker", message.id)
        return MessageStatus(message.status)
    status = apply_outcome(message, claim.kind, outcome, at=at)
    if status == MessageStatus.SENT:
        _count(message, at=at)
        if isinstance(claim.channel, CallReader):
            watch_call(message=message, at=at)
    if outcome.bad_address:
        suppress(
            address=claim.rendered.to,
            reason=SuppressionReason.BOUNCE,
            message_id=message.id,
            contract_id=message.contract_id,
            at=at,
        )
    return status


def _count(message: OutboxMessage, *, at: datetime) -> None:
    """Count the message for its budgets; whatever goes wrong there, the message is sent."""
    try:
        with transaction.atomic():
            count_message(message=message, at=at)
    except Exception as error:  # noqa: BLE001 - the outcome stands
        logger.error(  # noqa: TRY400 - a traceback may quote what the message held
            "message %s was not counted: %s", message.id, describe_safely(error)
        )


def _tell_breaker(claim: _Claim, outcome: Outcome, *, at: datetime) -> None:
    if outcome.trouble:
        breaker.note_failure(channel=claim.message.channel, at=at)
    else:
        breaker.note_answer(channel=claim.message.channel, since=claim.at, at=at)


def _postpone(message_id: UUID, reason: str, *, at: datetime) -> MessageStatus | None:
    """Count an attempt that failed before anything left."""
    with transaction.atomic(durable=True):
        message = _lock(message_id)
        if message is None:
            return None
        message.attempts += 1
        outcome = Outcome(MessageStatus(message.status), failure=reason)
        return apply_outcome(message, _find_kind(message), outcome, at=at)


def _find_kind(message: OutboxMessage) -> MessageKind | None:
    """Return the message's kind; a release that knows it may be on its way to this worker."""
    try:
        return get_kind(message.kind)
    except UnknownKindError:
        return None
