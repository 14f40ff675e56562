"""A code and a link that need nothing but their row."""

from datetime import datetime
from typing import Final

from core.notifications.kinds import MessageKind, Rendered
from core.notifications.models import OutboxMessage


def _prepare(message: OutboxMessage, at: datetime) -> Rendered:
    return Rendered(to=message.to, subject="Sample", text="Sample", code="314159")


KINDS: Final = (
    MessageKind(name="worker_code", channel="sms", at_most_once=True, prepare=_prepare),
    MessageKind(name="worker_link", channel="email", at_most_once=False, prepare=_prepare),
)
