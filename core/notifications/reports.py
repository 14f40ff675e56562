"""What Amazon reports about a message: it arrived, it came back, it was reported as unwanted.

Amazon SES: "Examples of event data that Amazon SES publishes to Amazon SNS". AWS End User
Messaging SMS: "Event types for SMS, MMS and voice". Fields that are not needed are not read.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from core.notifications.states import Channel


class Fate(StrEnum):
    """What became of a message after the provider took it."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True)
class DeliveryReport:
    """One report. `dead` says that the address itself is no good."""

    channel: Channel
    fate: Fate
    message_id: UUID
    reference: str
    addresses: tuple[str, ...] = field(repr=False)
    reason: str
    at: datetime
    dead: bool = False


_TEXT_CAME_BACK: Final = frozenset(
    {
        "TEXT_BLOCKED",
        "TEXT_CARRIER_BLOCKED",
        "TEXT_CARRIER_UNREACHABLE",
        "TEXT_INVALID",
        "TEXT_INVALID_MESSAGE",
        "TEXT_PROTECT_BLOCKED",
        "TEXT_SPAM",
        "TEXT_TTL_EXPIRED",
        "TEXT_UNREACHABLE",
    }
)


def read_report(text: str) -> DeliveryReport | None:
    """Return the report that a notification's message holds; None when it is none of ours."""
    try:
        event = json.loads(text)
        if "mail" in event:
            return _of_mail(event)
        return _of_text(event) if "messageStatus" in event else None
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        RecursionError,
    ):
        return None


def _of_mail(event: dict[str, Any]) -> DeliveryReport | None:
    kind = event.get("eventType") or event.get("notificationType")
    make = {"Bounce": _bounce, "Complaint": _complaint, "Delivery": _delivery, "Reject": _reject}
    return make[kind](event) if kind in make else None


def _bounce(event: dict[str, Any]) -> DeliveryReport:
    bounce = event["bounce"]
    return _mail_report(
        event,
        Fate.BOUNCED,
        [one["emailAddress"] for one in bounce["bouncedRecipients"]],
        f"{bounce['bounceType']} {bounce['bounceSubType']}",
        bounce["timestamp"],
        dead=bounce["bounceType"] == "Permanent",
    )


def _complaint(event: dict[str, Any]) -> DeliveryReport | None:
    complaint = event["complaint"]
    if complaint.get("complaintFeedbackType") == "not-spam":
        return None
    return _mail_report(
        event,
        Fate.COMPLAINED,
        [one["emailAddress"] for one in complaint["complainedRecipients"]],
        str(complaint.get("complaintFeedbackType") or "complaint"),
        complaint["timestamp"],
    )


def _delivery(event: dict[str, Any]) -> DeliveryReport:
    delivery = event["delivery"]
    return _mail_report(event, Fate.DELIVERED, delivery["recipients"], "", delivery["timestamp"])


def _reject(event: dict[str, Any]) -> DeliveryReport:
    mail = event["mail"]
    return _mail_report(event, Fate.BOUNCED, mail["destination"], "Reject", mail["timestamp"])


def _mail_report(
    event: dict[str, Any],
    fate: Fate,
    addresses: list[str],
    reason: str,
    moment: str,
    *,
    dead: bool = False,
) -> DeliveryReport:
    return DeliveryReport(
        channel=Channel.EMAIL,
        fate=fate,
        message_id=UUID(event["mail"]["tags"]["message"][0]),
        reference=str(event["mail"]["messageId"]),
        addresses=tuple(parseaddr(address)[1].lower() for address in addresses),
        reason=reason[:100],
        at=_aware(datetime.fromisoformat(moment)),
        dead=dead,
    )


def _of_text(event: dict[str, Any]) -> DeliveryReport | None:
    kind = event["eventType"]
    if kind != "TEXT_DELIVERED" and kind not in _TEXT_CAME_BACK:
        return None
    return DeliveryReport(
        channel=Channel.SMS,
        fate=Fate.DELIVERED if kind == "TEXT_DELIVERED" else Fate.BOUNCED,
        message_id=UUID(event["context"]["message"]),
        reference=str(event["messageId"]),
        addresses=(str(event["destinationPhoneNumber"]),),
        reason="" if kind == "TEXT_DELIVERED" else str(kind),
        at=datetime.fromtimestamp(int(event["eventTimestamp"]) / 1000, tz=UTC),
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
