"""Read the outbox."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.db.models.query import QuerySet

from core.common.clock import now
from core.notifications.dispatch import broker_is_reachable
from core.notifications.models import OutboxMessage
from core.notifications.states import MessageStatus

# The announced delivery comes first; the sweeper takes what it left lying.
_GRACE: Final = timedelta(seconds=2)
_LATE_AFTER: Final = timedelta(seconds=10)
_RECENT: Final = timedelta(minutes=10)


def list_due(*, at: datetime) -> "QuerySet[OutboxMessage, UUID]":
    """Return the ids of the waiting messages whose moment has come, the longest waiting first."""
    return (
        OutboxMessage.objects.filter(status=MessageStatus.QUEUED, next_attempt_at__lte=at - _GRACE)
        .order_by("next_attempt_at")
        .values_list("id", flat=True)
    )


def delivery_is_late(*, at: datetime | None = None) -> bool:
    """Tell whether mail may be late, for the note on pages that say that mail is on its way.

    So it is when the workers' queue does not answer, when a message waits for its first attempt
    for more than ten seconds, or when one of the last ten minutes is being tried again. One
    database statement at most; the broker's answer may be two seconds old.
    """
    if not broker_is_reachable():
        return True
    moment = at or now()
    waiting = OutboxMessage.objects.filter(
        status=MessageStatus.QUEUED, created_at__lte=moment - _LATE_AFTER
    )
    return waiting.filter(Q(attempts=0) | Q(created_at__gte=moment - _RECENT)).exists()
