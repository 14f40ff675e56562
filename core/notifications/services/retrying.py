"""Try again what was given up, because a person says so: links and notices, never a code.

A code whose outcome is unknown may have arrived; one that was refused has told the person so, who
asks for another (design decision 9).
"""

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.audit.recording import record
from core.notifications.dispatch import announce
from core.notifications.models import OutboxMessage
from core.notifications.outbox_facts import retryable
from core.notifications.states import MessageStatus

MOST_AT_ONCE: Final = 1000
"""Messages of one act; the sweeper delivers them, a few hundred a minute. Own figure."""


@transaction.atomic
def retry_message(*, message_id: UUID, reason: str, by: UUID, at: datetime) -> bool:
    """Put a message that was given up back into the queue; one that waits for its turn is due now.

    Called by staff. Of two at once one is told that there was nothing to do, and the message is
    sent once. It is made anew: an older link dies. Records `message.retried`.
    """
    rows = OutboxMessage.objects.select_for_update()
    message = rows.filter(retryable(at=at), pk=message_id).first()
    if message is None:
        return False
    _put_back([message.id], at=at)
    record(
        "message.retried",
        contract_id=message.contract_id,
        actor_id=by,
        subject=("outbox_message", message.id),
        data={"kind": message.kind, "channel": message.channel, "reason": reason},
        at=at,
    )
    transaction.on_commit(partial(announce, message.id))
    return True


@transaction.atomic
def retry_messages(
    *,
    messages: QuerySet[OutboxMessage],
    contract_id: UUID | None,
    reason: str,
    by: UUID,
    at: datetime,
) -> int:
    """Do the same with as many of some messages as one act takes; returns how many.

    What somebody else has in hand is left alone. The sweeper delivers them. Records
    `messages.retried` with the number; `contract_id` is the contract that they were narrowed to.
    """
    rows = messages.filter(retryable(at=at)).select_for_update(skip_locked=True, of=("self",))
    found = list(rows.order_by("id").values_list("id", flat=True)[:MOST_AT_ONCE])
    if not found:
        return 0
    _put_back(found, at=at)
    record(
        "messages.retried",
        contract_id=contract_id,
        actor_id=by,
        data={"messages": len(found), "reason": reason},
        at=at,
    )
    return len(found)


def _put_back(keys: list[UUID], *, at: datetime) -> None:
    """The attempts stay as they are: a worker that was given up is known by them."""
    OutboxMessage.objects.filter(id__in=keys).update(
        status=MessageStatus.QUEUED, next_attempt_at=at
    )
