"""The kinds of message, registered by the apps that own them.

An app writes a row that names a kind and a subject (a pending registration, a challenge, …), and
the kind knows how to make the message from the subject when it is handed over. Codes and links are
minted there and nowhere else, so that none of them waits in a table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from core.notifications.states import Channel

if TYPE_CHECKING:
    from core.notifications.models import OutboxMessage

Expected = Literal["pound", "digits", "none"]
"""What the called person is asked for: the pound key, the digits on their screen, or nothing."""


@dataclass(frozen=True)
class VoicePrompt:
    """What a call says and waits for. The text is spoken as it stands and then repeated."""

    text: str = field(repr=False)
    expect: Expected = "pound"
    retry_text: str = field(
        default="That was not it. Please listen to the message again.", repr=False
    )
    accepted_text: str = field(default="Thank you. You can hang up now.", repr=False)


@dataclass(frozen=True)
class Rendered:
    """A message ready for its channel. What may hold a secret stays out of `repr` and logs.

    `code` and `link` say again what the text holds, for the local mailbox. `life_seconds` is how
    long it is of use from hand-over; a channel that can, drops it after that.
    """

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    voice: VoicePrompt | None = None
    life_seconds: int | None = None


class Weight(StrEnum):
    """What may keep a message back.

    ASKED (a code, a link): nothing does. NOTICE: not sent to an address where mail came back.
    COURTESY (a reminder ahead of time): nor when the contract's budget of the month is spent.
    """

    ASKED = "asked"
    NOTICE = "notice"
    COURTESY = "courtesy"


Prepare = Callable[["OutboxMessage", datetime], Rendered | None]
OnKeys = Callable[[UUID, str, datetime], bool]
OnOutcome = Callable[["OutboxMessage", datetime], None]


@dataclass(frozen=True)
class MessageKind:
    """How one kind of message is made and delivered.

    `prepare(message, at)` mints what is secret, stores its digest and its end counted from `at`,
    and returns the message; it runs in the transaction that marks the row as being sent. It
    returns None when the message is no longer wanted (superseded, used, expired). After a refusal
    that passes it is called again and mints anew.

    `at_most_once` is for codes: when it is not known whether the provider took the message, it is
    never sent again by itself. Links and notices are sent at least once.

    `on_keys(subject_id, digits, at)` hears what was pressed in a call and says whether it was
    right; it locks what it reads. `on_outcome(message, at)` hears, in the transaction that records
    it, that the message was sent, refused, given up or too late, and later that it came back or
    was reported as unwanted; `message.status` says which.

    `weight` says what may keep it back. The first value fits whatever somebody waits for.
    """

    name: str
    channel: Channel | Literal["email", "sms", "voice"]
    at_most_once: bool
    prepare: Prepare
    on_keys: OnKeys | None = None
    on_outcome: OnOutcome | None = None
    weight: Weight = Weight.ASKED


class UnknownKindError(LookupError):
    """No app has registered a kind of this name."""


_kinds: dict[str, MessageKind] = {}


def register_kind(kind: MessageKind) -> None:
    """Make a kind known; called in `ready()` of the app that owns it.

    Raises ValueError when another kind has the name already.
    """
    known = _kinds.get(kind.name)
    if known is not None and known != kind:
        raise ValueError(f"The kind of message {kind.name!r} is registered twice.")
    _kinds[kind.name] = kind


def get_kind(name: str) -> MessageKind:
    """Return the kind of this name. Raises UnknownKindError."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKindError(f"No app has registered the kind of message {name!r}.") from None


def repeatable_kinds() -> frozenset[str]:
    """Return the kinds that may be sent twice: links and notices, never codes."""
    return frozenset(kind.name for kind in _kinds.values() if not kind.at_most_once)


def kind_names() -> list[str]:
    """Return the names of all kinds, for a choice."""
    return sorted(_kinds)
