"""The outbox as staff see it: what waits, what did not arrive, in whose contract. No texts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Case, CharField, Count, Min, Q, QuerySet, Value, When

from core.common.masking import mask_email, mask_phone
from core.notifications.kinds import UnknownKindError, get_kind, repeatable_kinds
from core.notifications.models import OutboxMessage
from core.notifications.states import NOT_ARRIVED, Channel, MessageStatus, OutboxState

STATE_CONDITIONS: Final = {
    OutboxState.DEAD: Q(status=MessageStatus.FAILED),
    OutboxState.UNKNOWN: Q(status=MessageStatus.UNKNOWN),
    OutboxState.RETRIED: Q(status=MessageStatus.QUEUED, attempts__gt=0),
    OutboxState.WAITING: Q(status=MessageStatus.QUEUED, attempts=0),
    OutboxState.SENDING: Q(status=MessageStatus.SENDING),
    OutboxState.EXPIRED: Q(status=MessageStatus.EXPIRED),
    OutboxState.RETURNED: Q(status__in=(MessageStatus.BOUNCED, MessageStatus.COMPLAINED)),
    OutboxState.SENT: Q(status=MessageStatus.SENT),
    OutboxState.CANCELLED: Q(status=MessageStatus.CANCELLED),
}
_FEW: Final = (
    Q(status=MessageStatus.QUEUED),
    Q(status=MessageStatus.SENDING),
    Q(status__in=NOT_ARRIVED),
)
_ORDER: Final = {state.value: place for place, state in enumerate(OutboxState)}
_STATE: Final = Case(
    *(When(condition, then=Value(state.value)) for state, condition in STATE_CONDITIONS.items()),
    output_field=CharField(),
)


@dataclass(frozen=True)
class OutboxScope:
    """Whose messages somebody may see: of all contracts and of none, or of some contracts."""

    everywhere: bool
    contracts: Collection[UUID]

    def messages(self) -> QuerySet[OutboxMessage]:
        """Return the messages in it."""
        found = OutboxMessage.objects.all()
        return found if self.everywhere else found.filter(contract_id__in=self.contracts)


@dataclass(frozen=True)
class Narrowing:
    """What a list of messages is narrowed to; what is empty narrows nothing."""

    state: str = ""
    channel: str = ""
    kind: str = ""
    contract_id: UUID | None = None

    def of(self, messages: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        """Return the messages that fit."""
        if self.state:
            messages = messages.filter(STATE_CONDITIONS[OutboxState(self.state)])
        if self.channel:
            messages = messages.filter(channel=self.channel)
        if self.kind:
            messages = messages.filter(kind=self.kind)
        if self.contract_id:
            messages = messages.filter(contract_id=self.contract_id)
        return messages


@dataclass(frozen=True)
class OutboxGroup:
    """Messages of one state, channel, contract and kind, and since when the oldest is there."""

    state: OutboxState
    channel: Channel
    contract_id: UUID | None
    kind: str
    messages: int
    oldest_at: datetime


def outbox_groups(scope: OutboxScope) -> list[OutboxGroup]:
    """Return what waits and what did not arrive, the worst first.

    One query for each of the indexes that hold these few among all messages.
    """
    rows = (
        row
        for few in _FEW
        for row in scope.messages()
        .filter(few)
        .annotate(state=_STATE)
        .values("state", "channel", "contract_id", "kind")
        .annotate(messages=Count("pk"), oldest_at=Min("created_at"))
    )
    groups = [
        OutboxGroup(
            state=OutboxState(row["state"]),
            channel=Channel(row["channel"]),
            contract_id=row["contract_id"],
            kind=row["kind"],
            messages=row["messages"],
            oldest_at=row["oldest_at"],
        )
        for row in rows
    ]
    return sorted(groups, key=lambda one: (_ORDER[one.state.value], one.oldest_at))


def list_messages(scope: OutboxScope, narrowing: Narrowing) -> QuerySet[OutboxMessage]:
    """Return the messages in scope that fit, newest first."""
    return narrowing.of(scope.messages()).order_by("-id")


def state_of(message: OutboxMessage) -> OutboxState:
    """Return where staff say that a message is."""
    if message.status == MessageStatus.QUEUED:
        return OutboxState.RETRIED if message.attempts else OutboxState.WAITING
    return _BY_STATUS[MessageStatus(message.status)]


def masked_recipient(message: OutboxMessage) -> str:
    """Return to whom a message goes, so that its owner knows it again and nobody else."""
    by_mail = message.channel == Channel.EMAIL
    return mask_email(message.to) if by_mail else mask_phone(message.to)


def is_code(message: OutboxMessage) -> bool:
    """Tell whether a message is of a kind that is never sent twice; an unknown kind counts so."""
    try:
        return get_kind(message.kind).at_most_once
    except UnknownKindError:
        return True


def retryable(*, at: datetime) -> Q:
    """Return the condition for what may be tried again: links and notices, never a code.

    Those that were given up, and those whose next attempt lies ahead.
    """
    ahead = STATE_CONDITIONS[OutboxState.RETRIED] & Q(next_attempt_at__gt=at)
    return Q(kind__in=repeatable_kinds()) & (STATE_CONDITIONS[OutboxState.DEAD] | ahead)


def count_dead(scope: OutboxScope) -> int:
    """Return how many links and notices were given up and could be tried again."""
    dead = STATE_CONDITIONS[OutboxState.DEAD]
    return scope.messages().filter(dead, kind__in=repeatable_kinds()).count()


_BY_STATUS: Final = {
    MessageStatus.FAILED: OutboxState.DEAD,
    MessageStatus.UNKNOWN: OutboxState.UNKNOWN,
    MessageStatus.SENDING: OutboxState.SENDING,
    MessageStatus.EXPIRED: OutboxState.EXPIRED,
    MessageStatus.BOUNCED: OutboxState.RETURNED,
    MessageStatus.COMPLAINED: OutboxState.RETURNED,
    MessageStatus.SENT: OutboxState.SENT,
    MessageStatus.CANCELLED: OutboxState.CANCELLED,
}
