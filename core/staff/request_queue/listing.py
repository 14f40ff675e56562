"""Read the queue: what waits in somebody's scope, the oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.staff.models import RequestInHand
from core.staff.request_queue.sources import RequestSource, Shown, sources_for
from core.staff.scope import StaffActor

MOST_SHOWN: Final = 200
OLD_AFTER: Final = timedelta(days=2)
OVERDUE_AFTER: Final = timedelta(days=7)
"""Own figures: two working days, and a week."""


@dataclass(frozen=True)
class QueueFilter:
    """Which requests somebody wants to see; nothing set shows all."""

    kind: str = ""
    contract_id: UUID | None = None
    waiting_days: int = 0


@dataclass(frozen=True)
class WaitingRequest:
    """One line of the queue."""

    source: RequestSource
    id: UUID
    contract_id: UUID | None
    since: datetime
    shown: Shown
    hand: RequestInHand | None
    age: str
    """'' while it is young, then 'old', then 'overdue'."""


@dataclass(frozen=True)
class Queue:
    """What waits: the lines, how many there are of each kind, and how many fit the filter."""

    rows: Sequence[WaitingRequest]
    counts: Sequence[tuple[RequestSource, int]]
    total: int


def read_queue(staff: StaffActor, wanted: QueueFilter, *, at: datetime) -> Queue:
    """Return what waits in a member's scope and fits the filter, the oldest first.

    Two statements for each kind and one for who has what in hand. At most `MOST_SHOWN` lines.
    """
    found: list[tuple[datetime, RequestSource, Any]] = []
    counts, total = [], 0
    for source in sources_for(staff):
        waiting = source.list_waiting(staff.scope(source.view))
        if wanted.contract_id is not None:
            waiting = waiting.filter(**{source.contract: wanted.contract_id})
        if wanted.waiting_days:
            before = at - timedelta(days=wanted.waiting_days)
            waiting = waiting.filter(**{f"{source.since}__lte": before})
        count = waiting.count()
        counts.append((source, count))
        if wanted.kind in {"", source.kind}:
            total += count
            rows = waiting.order_by(source.since, "pk")[:MOST_SHOWN]
            found += [(getattr(row, source.since), source, row) for row in rows]
    found.sort(key=lambda one: one[0])
    return Queue(_lines(found[:MOST_SHOWN], at=at), counts, total)


def count_waiting(staff: StaffActor) -> int:
    """Return how many requests wait in a member's scope: one statement for each kind."""
    return sum(
        source.list_waiting(staff.scope(source.view)).count() for source in sources_for(staff)
    )


def find_hand(kind: str, request_id: UUID) -> RequestInHand | None:
    """Return who has a request in hand, or None."""
    held = RequestInHand.objects.select_related("taken_by")
    return held.filter(kind=kind, request_id=request_id).first()


def _lines(
    found: Sequence[tuple[datetime, RequestSource, Any]], *, at: datetime
) -> list[WaitingRequest]:
    keys = [row.pk for _since, _source, row in found]
    held = RequestInHand.objects.select_related("taken_by").filter(request_id__in=keys)
    hands = {(one.kind, one.request_id): one for one in held}
    return [
        WaitingRequest(
            source=source,
            id=row.pk,
            contract_id=source.contract_of(row),
            since=since,
            shown=source.show(row),
            hand=hands.get((source.kind, row.pk)),
            age=_age(at - since),
        )
        for since, source, row in found
    ]


def _age(waited: timedelta) -> str:
    if waited >= OVERDUE_AFTER:
        return "overdue"
    return "old" if waited >= OLD_AFTER else ""
