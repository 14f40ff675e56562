"""What is not sent: notices to dead addresses, and courtesies beyond the budget."""

from datetime import datetime

from core.audit.recording import record
from core.notifications.kinds import MessageKind, Weight
from core.notifications.models import OutboxMessage
from core.notifications.selectors import find_suppression
from core.notifications.services.budgets import budget_is_spent, count_withheld
from core.notifications.states import Channel


def withhold(*, message: OutboxMessage, kind: MessageKind, at: datetime) -> str | None:
    """Return why a message is kept back, None when it goes out.

    Called in the transaction of the claim. What somebody asked for is never kept back. Records
    `message.withheld`.
    """
    reason = _why(message, kind, at)
    if reason is not None:
        record(
            "message.withheld",
            contract_id=message.contract_id,
            subject=("outbox_message", message.id),
            result="withheld",
            data={"kind": message.kind, "channel": message.channel, "reason": reason},
            at=at,
        )
    return reason


def _why(message: OutboxMessage, kind: MessageKind, at: datetime) -> str | None:
    if kind.weight is Weight.ASKED:
        return None
    if message.channel == Channel.EMAIL and find_suppression(message.to) is not None:
        return "suppressed address"
    if kind.weight is Weight.COURTESY and budget_is_spent(message=message, at=at):
        count_withheld(message=message, at=at)
        return "budget spent"
    return None
