"""Read back at the provider what was entered in a call.

Nobody's word is taken for it: a callback only says "look", and the keys come from the provider,
for the contact that we started ourselves. They are compared by the message's kind, here.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from core.audit.recording import record
from core.common.crypto import keyed_digest
from core.notifications.channels.base import CallReader, CallReading, DeliveryError, get_channel
from core.notifications.models import CallWatch, OutboxMessage
from core.notifications.services.calls import report_keys
from core.notifications.states import LEFT, Channel

logger = logging.getLogger(__name__)

LOOK_EVERY: Final = timedelta(seconds=3)
AT_MOST_EVERY: Final = timedelta(seconds=1)
"""Also when callbacks ask for it: Amazon allows ten readings a second for all calls together."""
LOOK_FOR: Final = timedelta(minutes=6)
"""Longer than the longest call of the contact flow."""
_BATCH: Final = 50
_LONGEST: Final = timedelta(seconds=10)


def watch_call(*, message: OutboxMessage, at: datetime) -> None:
    """Note that a call was started whose result is to be read; in the transaction of its row."""
    CallWatch.objects.get_or_create(
        message=message, defaults={"next_look_at": at + LOOK_EVERY, "until_at": at + LOOK_FOR}
    )


def look_at_calls(*, clock: Callable[[], datetime]) -> int:
    """Look at every call that is due; returns how many. Called every few seconds by a task."""
    started = clock()
    due = CallWatch.objects.filter(closed_at__isnull=True, next_look_at__lte=started)
    looked = 0
    for message_id in due.order_by("next_look_at").values_list("message_id", flat=True)[:_BATCH]:
        look_at_call(message_id=message_id, clock=clock)
        looked += 1
        if clock() - started > _LONGEST:
            break
    return looked


def look_at_call(*, message_id: UUID, clock: Callable[[], datetime], now: bool = False) -> bool:
    """Read a call at its provider and pass on what was entered; tells whether it was right.

    `now` is for the signed callback: not to wait for the next turn. Looks of others at the same
    time, calls that we did not start and calls that are over change nothing and get the answer
    that is known. No transaction is open while the provider is asked. Records what the kind
    records, and `call.mismatched` for a contact that is not this message's.
    """
    reader = get_channel(Channel.VOICE)
    if not isinstance(reader, CallReader):
        return False
    reference = _take_turn(message_id, at=clock(), gap=AT_MOST_EVERY if now else LOOK_EVERY)
    if reference is None:
        return _known_answer(message_id)
    try:
        reading = reader.read_call(reference)
    except DeliveryError as error:
        logger.warning("the call of message %s could not be read: %s", message_id, error.reason)
        return _known_answer(message_id)
    return _take_in(message_id, reference, reading, at=clock())


@transaction.atomic
def _take_turn(message_id: UUID, *, at: datetime, gap: timedelta) -> str | None:
    """Return the provider's name of the call when it is this process's turn to look."""
    watch = (
        CallWatch.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("message")
        .filter(message_id=message_id, closed_at__isnull=True)
        .filter(next_look_at__lte=at + LOOK_EVERY - gap, message__status__in=LEFT)
        .first()
    )
    if watch is None:
        return None
    watch.next_look_at = at + LOOK_EVERY
    watch.looks += 1
    if watch.until_at <= at:
        watch.closed_at, watch.ended = at, "not seen to end"
    watch.save(update_fields=["next_look_at", "looks", "closed_at", "ended"])
    return watch.message.provider_reference or None


def _take_in(message_id: UUID, reference: str, reading: CallReading, *, at: datetime) -> bool:
    if reading.message != str(message_id):
        _refuse_reading(message_id, at=at)
        return False
    accepted = False
    if reading.entered:
        # The digest that is kept must not tell the keys.
        report = keyed_digest("call-entry", reference, reading.entered)
        answer = report_keys(message_id=message_id, digits=reading.entered, report=report, at=at)
        accepted = answer.accepted
    if accepted or reading.ended:
        CallWatch.objects.filter(message_id=message_id, closed_at__isnull=True).update(
            closed_at=at, ended=reading.ended[:60]
        )
    return accepted


@transaction.atomic
def _refuse_reading(message_id: UUID, *, at: datetime) -> None:
    logger.error("the call of message %s belongs to another message", message_id)
    CallWatch.objects.filter(message_id=message_id).update(closed_at=at, ended="mismatch")
    record("call.mismatched", subject=("outbox_message", message_id), result="refused", at=at)


def _known_answer(message_id: UUID) -> bool:
    message = OutboxMessage.objects.filter(id=message_id).first()
    return message is not None and message.answers.filter(accepted=True).exists()
