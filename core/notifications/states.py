"""The states of a message in the outbox, the ways from one to another, and how senders stand."""

from typing import ClassVar, Final

from django.db import models

from core.common.errors import DomainError


class Channel(models.TextChoices):
    """By which way a message leaves."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "Text message"
    VOICE = "voice", "Phone call"


class MessageStatus(models.TextChoices):
    """Where a message stands."""

    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being handed over"
    SENT = "sent", "Handed over"
    UNKNOWN = "unknown", "Perhaps handed over"
    EXPIRED = "expired", "Too late to be of use"
    FAILED = "failed", "Refused"
    BOUNCED = "bounced", "Came back"
    COMPLAINED = "complained", "Reported as unwanted"
    CANCELLED = "cancelled", "No longer wanted"


class SuppressionReason(models.TextChoices):
    """Why an address gets no notices."""

    BOUNCE = "bounce", "Mail came back"
    COMPLAINT = "complaint", "Mail was reported as unwanted"


class CallState(models.TextChoices):
    """What the phone simulator's telephone is doing."""

    RINGING = "ringing", "Ringing"
    ANSWERED = "answered", "In conversation"
    ENDED = "ended", "Hung up"


class OutboxState(models.TextChoices):
    """What staff call the place of a message: the waiting ones are told apart by their attempts."""

    DEAD = "dead", "Given up"
    UNKNOWN = "unknown", "Perhaps handed over"
    RETRIED = "retried", "Failed, being tried again"
    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being handed over"
    EXPIRED = "expired", "Too late to be of use"
    RETURNED = "returned", "Came back"
    SENT = "sent", "Handed over"
    CANCELLED = "cancelled", "No longer wanted"


class SenderStanding(models.TextChoices):
    """What the provider says of a sender."""

    VERIFIED = "verified", "Ready"
    UNSIGNED = "unsigned", "Verified, does not sign"
    PENDING = "pending", "Not ready yet"
    MISSING = "missing", "Not known to the provider"
    UNKNOWN = "unknown", "The provider could not be asked"


SENDING: Final = (SenderStanding.VERIFIED, SenderStanding.UNSIGNED)
"""The standings in which messages go out."""
LEFT: Final = (MessageStatus.SENT, MessageStatus.BOUNCED, MessageStatus.COMPLAINED)
"""The states of a message that the provider took; `sent_at` says when."""

NOT_ARRIVED: Final = (
    MessageStatus.UNKNOWN,
    MessageStatus.EXPIRED,
    MessageStatus.FAILED,
    MessageStatus.BOUNCED,
    MessageStatus.COMPLAINED,
)
"""The states in which a message ended without arriving, as far as anybody knows."""

TRANSITIONS: Final[dict[MessageStatus, frozenset[MessageStatus]]] = {
    MessageStatus.QUEUED: frozenset(
        {
            MessageStatus.SENDING,
            MessageStatus.EXPIRED,
            MessageStatus.CANCELLED,
            MessageStatus.FAILED,
        }
    ),
    # Back to the queue: only when it is certain that nothing left (a refusal that passes), or
    # when sending twice does no harm.
    MessageStatus.SENDING: frozenset(
        {
            MessageStatus.SENT,
            MessageStatus.UNKNOWN,
            MessageStatus.QUEUED,
            MessageStatus.FAILED,
        }
    ),
    # A worker that was given up may still bring the provider's word, and so may a report. Back
    # into a worker's hands: only where the provider knows the request again (`repeats_safely`).
    MessageStatus.UNKNOWN: frozenset(
        {
            MessageStatus.SENDING,
            MessageStatus.SENT,
            MessageStatus.FAILED,
            MessageStatus.BOUNCED,
            MessageStatus.COMPLAINED,
        }
    ),
    MessageStatus.SENT: frozenset({MessageStatus.BOUNCED, MessageStatus.COMPLAINED}),
    MessageStatus.BOUNCED: frozenset(),
    MessageStatus.COMPLAINED: frozenset(),
    MessageStatus.EXPIRED: frozenset(),
    # By a person, and only what may be sent twice: `services.retrying`.
    MessageStatus.FAILED: frozenset({MessageStatus.QUEUED}),
    MessageStatus.CANCELLED: frozenset(),
}


class MessageStateError(DomainError):
    """The state table knows no way from the one state to the other."""

    code: ClassVar[str] = "message_state"
    message: ClassVar[str] = "This message is already past that point."


def may_become(status: str, target: MessageStatus) -> bool:
    """Tell whether a message in one state may go to another."""
    return target in TRANSITIONS[MessageStatus(status)]


def check_transition(status: str, target: MessageStatus) -> None:
    """Raise MessageStateError where the table has no such step."""
    if not may_become(status, target):
        raise MessageStateError
