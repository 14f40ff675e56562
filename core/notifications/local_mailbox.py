"""Read the local mailbox, for the outbox pages. Local portals only."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Max, Q, QuerySet

from core.common.phones import format_us_phone
from core.notifications.models import LocalMessage
from core.notifications.states import CallState, Channel

MOST_SHOWN: Final = 60
_MOST_OPEN: Final = 6
_MOST_PEOPLE: Final = 12
_MOST_PHONES: Final = 2
_RINGS_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Person:
    """An address or number that something was delivered to."""

    to: str
    shown_to: str
    count: int


@dataclass(frozen=True)
class Mailbox:
    """What the outbox page shows."""

    messages: list[LocalMessage]
    older: list[LocalMessage]
    """Folded away until somebody asks for them."""
    phones: list[LocalMessage]
    version: str


def list_messages(*, to: str, words: str = "") -> QuerySet[LocalMessage]:
    """Return what was delivered, newest first; to one address or number, or to all.

    `words` are looked for in address, subject and text.
    """
    found = LocalMessage.objects.all()
    if wanted := to.strip():
        # A plus sign in an address line arrives as a space.
        found = found.filter(Q(to__iexact=wanted) | Q(to=f"+{wanted}"))
    if words := words.strip():
        found = found.filter(
            Q(to__icontains=words) | Q(subject__icontains=words) | Q(text__icontains=words)
        )
    return found


def clear_mailbox(*, to: str) -> None:
    """Forget what was delivered, to one address or number or to all. Local portals only."""
    list_messages(to=to).delete()


def list_people() -> list[Person]:
    """Return whom something was delivered to, the latest first."""
    rows = (
        LocalMessage.objects.order_by()
        .values("to")
        .annotate(count=Count("id"), latest=Max("sent_at"))
        .order_by("-latest")[:_MOST_PEOPLE]
    )
    return [
        Person(to=row["to"], shown_to=format_us_phone(row["to"]), count=row["count"])
        for row in rows
    ]


def open_mailbox(*, to: str, words: str = "", at: datetime) -> Mailbox:
    """Return the latest messages, the phones in use, and a version that changes with either."""
    messages = list(list_messages(to=to, words=words)[:MOST_SHOWN])
    phones = _phones(messages, at)
    listed = [message for message in messages if message not in phones]
    return Mailbox(
        messages=listed[:_MOST_OPEN],
        older=listed[_MOST_OPEN:],
        phones=phones,
        version=_version(messages, phones),
    )


def _phones(messages: list[LocalMessage], at: datetime) -> list[LocalMessage]:
    """Return the calls to take up: the latest of each number, and no more than fit the page."""
    latest: dict[str, LocalMessage] = {}
    for message in messages:
        if _is_in_use(message, at):
            latest.setdefault(message.to, message)
    return list(latest.values())[:_MOST_PHONES]


def _is_in_use(message: LocalMessage, at: datetime) -> bool:
    return (
        message.channel == Channel.VOICE
        and message.call_state != CallState.ENDED
        and at - message.sent_at < _RINGS_FOR
    )


def _version(messages: list[LocalMessage], phones: list[LocalMessage]) -> str:
    digest = hashlib.sha256()
    for message in [*messages, *phones]:
        digest.update(
            f"{message.id}{message.call_state}{message.entered}{message.accepted}".encode()
        )
    return digest.hexdigest()[:16]
