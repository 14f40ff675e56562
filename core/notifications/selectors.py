"""Read the outbox."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.expressions import BaseExpression
from django.db.models.query import QuerySet

from core.common.clock import now
from core.notifications.dispatch import broker_is_reachable
from core.notifications.models import ChannelHealth, OutboxMessage, SuppressedAddress
from core.notifications.states import Channel, MessageStatus

CALL_ATTEMPTS: Final = 4
"""So often a call is asked for whose answer was lost; the provider makes one call of it."""
# The announced delivery comes first; the sweeper takes what it left lying.
_GRACE: Final = timedelta(seconds=2)
_LATE_AFTER: Final = timedelta(seconds=10)
_RECENT: Final = timedelta(minutes=10)


def newer_than(message: OutboxMessage, *other_kinds: str) -> "QuerySet[OutboxMessage]":
    """Return the mails of the same sort that were asked for later: the newest link counts.

    `other_kinds` are of the same sort, too. For `prepare` of kinds whose older mails are void.
    """
    return OutboxMessage.objects.filter(
        kind__in={message.kind, *other_kinds}, subject_id=message.subject_id, id__gt=message.id
    )


def newest_status(*, kind: str, about: OuterRef) -> Subquery:
    """Return where the newest message of a kind about a row stands, for another app's statement."""
    messages = OutboxMessage.objects.filter(kind=kind, subject_id=about)
    return Subquery(messages.order_by("-id").values("status")[:1])


def list_due(*, at: datetime) -> "QuerySet[OutboxMessage, UUID]":
    """Return the ids of the waiting messages whose moment has come, the longest waiting first."""
    waiting = Q(status=MessageStatus.QUEUED)
    # A call whose answer was lost is asked for again; delivery knows how often and whether.
    lost = Q(
        status=MessageStatus.UNKNOWN,
        channel=Channel.VOICE,
        attempts__lt=CALL_ATTEMPTS,
        not_after__gt=at,
    )
    return (
        OutboxMessage.objects.filter(waiting | lost, next_attempt_at__lte=at - _GRACE)
        .order_by("next_attempt_at")
        .values_list("id", flat=True)
    )


def list_down_channels() -> frozenset[str]:
    """Return the channels whose breaker is open, for pages that offer another way."""
    return frozenset(_down().values_list("channel", flat=True))


def find_suppression(address: str) -> SuppressedAddress | None:
    """Return why an address gets no notices, None when it does."""
    return SuppressedAddress.objects.filter(address=address.lower(), lifted_at__isnull=True).first()


def late_or_back(*, kind: str, subject_id: UUID, at: datetime) -> tuple[bool, bool]:
    """Tell as `delivery_is_late` whether mail may be late, and whether the newest message of a
    kind about a subject came back; by one statement.
    """
    about = OutboxMessage.objects.filter(kind=kind, subject_id=subject_id)
    newest = (
        about.annotate(others_wait=Exists(_waiting_too_long(**delay_values(at))))
        .order_by("-created_at", "-id")
        .values_list("status", "others_wait")
        .first()
    )
    if newest is None:
        return delivery_is_late(at=at), False
    status, others_wait = newest
    return is_delayed(others_wait=others_wait), status == MessageStatus.BOUNCED


def delivery_is_late(*, at: datetime | None = None) -> bool:
    """Tell whether mail may be late, for the note on pages that say that mail is on its way.

    So it is when the workers' queue does not answer, when a message waits for its first attempt
    for more than ten seconds, or when one of the last ten minutes is being tried again. One
    database statement at most; the broker's answer may be two seconds old.
    """
    if not broker_is_reachable():
        return True
    return _waiting_too_long(**delay_values(at or now())).exists()


def delay_facts(*, late_before: datetime, recently: datetime) -> dict[str, BaseExpression]:
    """Return `others_wait` (see `is_delayed`) and `down` as parts of another app's statement.

    `down` is what `list_down_channels` gives. The values are those of `delay_values`.
    """
    waiting = _waiting_too_long(late_before=late_before, recently=recently)
    return {
        "others_wait": Exists(waiting),
        "down": ArraySubquery(_down().values("channel")),
    }


def delay_values(at: datetime) -> dict[str, datetime]:
    """Return the moments since when what waits at a moment is late."""
    return {"late_before": at - _LATE_AFTER, "recently": at - _RECENT}


def is_delayed(*, others_wait: bool) -> bool:
    """Tell as `delivery_is_late` where it is known already whether messages wait."""
    return others_wait or not broker_is_reachable()


def _down() -> "QuerySet[ChannelHealth]":
    return ChannelHealth.objects.filter(opened_at__isnull=False)


def _waiting_too_long(*, late_before: datetime, recently: datetime) -> "QuerySet[OutboxMessage]":
    waiting = OutboxMessage.objects.filter(status=MessageStatus.QUEUED, created_at__lte=late_before)
    return waiting.filter(Q(attempts=0) | Q(created_at__gte=recently))
