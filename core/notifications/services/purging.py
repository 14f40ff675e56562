"""How long messages are kept. The figures are our own."""

from datetime import datetime, timedelta
from typing import Final

from core.common.purging import delete_in_batches
from core.notifications.models import CallAnswer, LocalMessage, OutboxMessage
from core.notifications.states import MessageStatus

WITHDRAWN_KEPT: Final = timedelta(days=1)
"""A message that nobody was to get any more; a day to see in what an incident consisted."""
SETTLED_KEPT: Final = timedelta(days=30)
"""A bounce or complaint about a message comes within days, a question to the help desk in weeks."""
ANSWERS_KEPT: Final = timedelta(days=1)
"""A report of a call is refused by its signature after five minutes (`signatures.py`)."""
LOCAL_KEPT: Final = timedelta(days=30)
LOCAL_MOST: Final = 1_000
"""The mailbox of a portal on one machine: nobody pages back further."""

_SETTLED: Final = (
    MessageStatus.SENT,
    MessageStatus.UNKNOWN,
    MessageStatus.EXPIRED,
    MessageStatus.FAILED,
)


def purge_messages(*, at: datetime) -> int:
    """Delete messages, answers and local mail whose time is over; returns how many.

    Called by the hourly purge. What waits or is being handed over is never touched.
    """
    withdrawn = OutboxMessage.objects.filter(
        status=MessageStatus.CANCELLED, created_at__lt=at - WITHDRAWN_KEPT
    )
    settled = OutboxMessage.objects.filter(status__in=_SETTLED, created_at__lt=at - SETTLED_KEPT)
    answers = CallAnswer.objects.filter(received_at__lt=at - ANSWERS_KEPT)
    old = LocalMessage.objects.filter(sent_at__lt=at - LOCAL_KEPT).order_by()
    done = sum(delete_in_batches(rows) for rows in (answers, withdrawn, settled, old))
    return done + _purge_full_mailbox()


def _purge_full_mailbox() -> int:
    newest = LocalMessage.objects.order_by("-sent_at", "-id")
    last = newest.values_list("sent_at", flat=True)[LOCAL_MOST - 1 : LOCAL_MOST].first()
    if last is None:
        return 0
    return delete_in_batches(LocalMessage.objects.filter(sent_at__lt=last).order_by())
