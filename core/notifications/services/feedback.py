"""Take in what a provider reports about a message that it took."""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from core.notifications.kinds import MessageKind, UnknownKindError, get_kind
from core.notifications.models import OutboxMessage
from core.notifications.reports import DeliveryReport, Fate
from core.notifications.services.settling import Outcome, apply_outcome
from core.notifications.services.suppression import lift_suppression, suppress
from core.notifications.states import (
    Channel,
    MessageStatus,
    SuppressionReason,
    may_become,
)

_STATUS = {Fate.BOUNCED: MessageStatus.BOUNCED, Fate.COMPLAINED: MessageStatus.COMPLAINED}


class Taken(StrEnum):
    """What was done with a report."""

    TAKEN = "taken"
    IGNORED = "ignored"
    LATER = "later"


@transaction.atomic
def record_report(*, report: DeliveryReport, at: datetime) -> Taken:
    """Write what was reported to the message's row, and suppress an address that is no good.

    Called for a notification whose signature was checked. A report about no message of ours, or
    about an address that the message did not go to, is ignored; one about a message whose
    hand-over is not settled yet comes again later. The same report twice changes nothing. Records
    `message.bounced`, `message.complained`, `address.suppressed` and `address.released`.
    """
    message = (
        OutboxMessage.objects.select_for_update(no_key=True)
        .filter(id=report.message_id, channel=report.channel)
        .first()
    )
    if message is None or message.to.lower() not in report.addresses:
        return Taken.IGNORED
    if message.status == MessageStatus.SENDING:
        return Taken.LATER
    if report.fate is Fate.DELIVERED:
        _delivered(message, report, at=at)
    else:
        _came_back(message, report, at=at)
    return Taken.TAKEN


def _delivered(message: OutboxMessage, report: DeliveryReport, *, at: datetime) -> None:
    if message.status == MessageStatus.UNKNOWN:
        # The lost answer was a yes.
        outcome = Outcome(MessageStatus.SENT, reference=report.reference)
        apply_outcome(message, _kind_of(message), outcome, at=at)
    if message.delivered_at is None and _is_about_last_attempt(message, report):
        message.delivered_at = report.at
        message.save(update_fields=["delivered_at"])
    if message.channel == Channel.EMAIL:
        lift_suppression(address=message.to, at=report.at)


def _came_back(message: OutboxMessage, report: DeliveryReport, *, at: datetime) -> None:
    status = _STATUS[report.fate]
    if _is_about_last_attempt(message, report) and may_become(message.status, status):
        apply_outcome(message, _kind_of(message), Outcome(status, failure=report.reason), at=at)
    reason = _suppression(report)
    if reason is not None:
        suppress(
            address=message.to,
            reason=reason,
            message_id=message.id,
            contract_id=message.contract_id,
            at=report.at,
        )


def _suppression(report: DeliveryReport) -> SuppressionReason | None:
    """Return why the address gets no notices any more; texts have no list of their own."""
    if report.channel != Channel.EMAIL:
        return None
    if report.fate is Fate.COMPLAINED:
        return SuppressionReason.COMPLAINT
    return SuppressionReason.BOUNCE if report.dead else None


def _is_about_last_attempt(message: OutboxMessage, report: DeliveryReport) -> bool:
    """A link that was made anew went out twice; the report may be about the first."""
    return message.provider_reference in {"", report.reference}


def _kind_of(message: OutboxMessage) -> MessageKind | None:
    try:
        return get_kind(message.kind)
    except UnknownKindError:
        return None
