"""What the called person presses."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.notifications.kinds import MessageKind, UnknownKindError, get_kind
from core.notifications.models import CallAnswer, OutboxMessage
from core.notifications.states import Channel

LONGEST_ENTRY = 20


@dataclass(frozen=True)
class KeysResult:
    """Whether the keys were right, and whether the report had come before."""

    accepted: bool
    repeated: bool = False


def report_keys(*, message_id: UUID, digits: str, report: bytes, at: datetime) -> KeysResult:
    """Pass on what was pressed in a call to the kind of its message.

    Called for the provider's signed report (`report` is its text with its signature) and by the
    phone simulator. The same report again has no effect and gets the same answer: a provider
    repeats a report whose answer was lost, and so would someone who recorded one. Unknown calls,
    messages that are no calls and entries that are no keys are refused. Keys are not stored.
    """
    digest = hashlib.sha256(report).hexdigest()
    with transaction.atomic():
        message = OutboxMessage.objects.select_for_update(no_key=True).filter(id=message_id).first()
        if message is None or message.channel != Channel.VOICE:
            return KeysResult(accepted=False)
        known = CallAnswer.objects.filter(digest=digest).first()
        if known is not None:
            return KeysResult(accepted=known.accepted, repeated=True)
        try:
            kind = get_kind(message.kind)
        except UnknownKindError:
            # Another release's call: nothing is kept, so that its report can come again.
            return KeysResult(accepted=False)
        accepted = _is_right(kind, message, digits, at=at)
        CallAnswer.objects.create(message=message, digest=digest, accepted=accepted, received_at=at)
    return KeysResult(accepted=accepted)


def keys_are_well_formed(digits: str) -> bool:
    """Tell whether a text is what a telephone's keys can enter."""
    return 0 < len(digits) <= LONGEST_ENTRY and all(key in "0123456789*#" for key in digits)


def _is_right(kind: MessageKind, message: OutboxMessage, digits: str, *, at: datetime) -> bool:
    return (
        kind.on_keys is not None
        and keys_are_well_formed(digits)
        and kind.on_keys(message.subject_id, digits, at)
    )
