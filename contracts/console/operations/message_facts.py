"""What the pages of the outbox show of a message: everything but what it says."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from contracts.console.operations.forms import kind_words
from core.notifications.models import OutboxMessage
from core.notifications.outbox_facts import OutboxGroup, masked_recipient, state_of
from core.notifications.states import MessageStatus, OutboxState


@dataclass(frozen=True)
class MessageFacts:
    """One message for a page."""

    message: OutboxMessage
    state: OutboxState
    kind: str
    recipient: str
    contract: str

    @property
    def moments(self) -> list[tuple[str, datetime | None]]:
        """Return what happened when, in order; what did not is left out."""
        one = self.message
        queued = one.status == MessageStatus.QUEUED
        every = [
            ("Written", one.created_at),
            ("Last handed to a worker", one.claimed_at),
            ("Next attempt", one.next_attempt_at if queued else None),
            ("Of use until", one.not_after),
            ("Handed over", one.sent_at),
            ("Arrived", one.delivered_at),
        ]
        return [(label, at) for label, at in every if at is not None]


def facts_of_message(message: OutboxMessage) -> MessageFacts:
    """Return what may be shown of a message that was read with its contract."""
    return MessageFacts(
        message=message,
        state=state_of(message),
        kind=kind_words(message.kind),
        recipient=masked_recipient(message),
        contract=message.contract.name if message.contract else "No contract",
    )


def narrowing_query(group: OutboxGroup) -> str:
    """Return the query of the list that shows the messages of a group."""
    chosen = {
        "state": group.state.value,
        "channel": group.channel.value,
        "kind": group.kind,
        "contract": str(group.contract_id or ""),
    }
    return urlencode({name: value for name, value in chosen.items() if value})
