"""How long messages are kept. The figures are our own."""

from datetime import datetime, timedelta
from typing import Final

from core.common.purging import delete_in_batches
from core.notifications.models import (
    CallAnswer,
    ChannelUse,
    LocalMessage,
    OutboxMessage,
    SuppressedAddress,
)
from core.notifications.states import LEFT, MessageStatus

WITHDRAWN_KEPT: Final = timedelta(days=1)
"""A message that nobody was to get any more; a day to see in what an incident consisted."""
SETTLED_KEPT: Final = timedelta(days=30)
"""A bounce or complaint about a message comes within days, a question to the help desk in weeks."""
ANSWERS_KEPT: Final = timedelta(days=1)
"""A report of a call is refused by its signature after five minutes (`signatures.py`)."""
LOCAL_KEPT: Final = timedelta(days=30)
LOCAL_MOST: Final = 1_000
"""The mailbox of a portal on one machine: nobody pages back further."""

SUPPRESSED_KEPT: Final = timedelta(days=400)
"""A dead address that is kept for longer is of no use to anybody; at most it bounces once more."""
USE_KEPT: Final = timedelta(days=800)
"""Two years of months side by side."""

_SETTLED: Final = (
    *LEFT,
    MessageStatus.UNKNOWN,
    MessageStatus.EXPIRED,
    MessageStatus.FAILED,
)


def purge_messages(*, at: datetime) -> int:
    """Delete messages, answers, dead addresses and local mail whose time is over; tells how many.

    Called by the hourly purge. What waits or is being handed over is never touched.
    """
    withdrawn = OutboxMessage.objects.filter(
        status=MessageStatus.CANCELLED, created_at__lt=at - WITHDRAWN_KEPT
    )
    settled = OutboxMessage.objects.filter(status__in=_SETTLED, created_at__lt=at - SETTLED_KEPT)
    answers = CallAnswer.objects.filter(received_at__lt=at - ANSWERS_KEPT)
    suppressed = SuppressedAddress.objects.filter(since_at__lt=at - SUPPRESSED_KEPT)
    use = ChannelUse.objects.filter(month__lt=(at - USE_KEPT).date())
    old = LocalMessage.objects.filter(sent_at__lt=at - LOCAL_KEPT).order_by()
    done = sum(
        delete_in_batches(rows) for rows in (answers, withdrawn, settled, suppressed, use, old)
    )
    return done + _purge_full_mailbox()


def _purge_full_mailbox() -> int:
    newest = LocalMessage.objects.order_by("-sent_at", "-id")
    last = newest.values_list("sent_at", flat=True)[LOCAL_MOST - 1 : LOCAL_MOST].first()
    if last is None:
        return 0
    return delete_in_batches(LocalMessage.objects.filter(sent_at__lt=last).order_by())
