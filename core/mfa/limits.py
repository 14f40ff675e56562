"""How many codes were sent to whom: counted on the challenges themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONObject

from core.common.compiled import CompiledQuery
from core.mfa.codes import (
    ASKED_BY_ANYBODY,
    DESTINATION_LIMITS,
    LONGEST_WINDOW,
    OWNER_AND_DESTINATION_LIMITS,
    OWNER_LIMITS,
    STRANGER_LIMITS,
    Owner,
    next_send_at,
)
from core.mfa.models import Challenge

_DESTINATION_WINDOW = max(limit.window for limit in DESTINATION_LIMITS)
_COLUMNS = (
    "owner_kind",
    "owner_id",
    "destination",
    "requested_at",
    "purpose",
    "binding",
    "superseded_at",
)


@dataclass(frozen=True)
class SentCodes:
    """What was sent and not used: `next_at` says when a code may go next, None means now.

    `bindings` asked for those codes of the owner that nothing has taken the place of.
    """

    next_at: datetime | None
    bindings: frozenset[UUID]


def sent_codes(owner: Owner, destination: str, purpose: str, *, at: datetime) -> SentCodes:
    """Return what the codes sent so far leave open for one more, by one statement."""
    rows = _SENT.all(**sent_values(owner, at=at), destination=destination)
    return _codes_left(owner, destination, purpose, rows, at=at)


def sent_values(owner: Owner, *, at: datetime) -> dict[str, Any]:
    """Return what `sent_fact` asks for, besides the destination."""
    return {
        "owner_kind": owner.kind.value,
        "owner_id": owner.id,
        "since": at - LONGEST_WINDOW,
        "lately": at - _DESTINATION_WINDOW,
    }


def sent_fact(*, destination: str | Combinable, **values: Any) -> ArraySubquery:
    """Return the codes that count, as a part of a statement that reads something else as well.

    What it gives is for `codes_left`.
    """
    rows = _counting(destination=destination, **values)
    return ArraySubquery(rows.values_list(JSONObject(**{name: name for name in _COLUMNS})))


def codes_left(
    owner: Owner,
    destination: str,
    purpose: str,
    sent: Iterable[dict[str, Any]],
    *,
    at: datetime,
) -> SentCodes:
    """Return what the codes of `sent_fact` leave open for one more."""
    rows = (
        (
            one["owner_kind"],
            UUID(one["owner_id"]),
            one["destination"],
            datetime.fromisoformat(one["requested_at"]),
            one["purpose"],
            UUID(one["binding"]),
            one["superseded_at"],
        )
        for one in sent
    )
    return _codes_left(owner, destination, purpose, rows, at=at)


def _codes_left(
    owner: Owner,
    destination: str,
    purpose: str,
    found: Iterable[tuple[Any, ...]],
    *,
    at: datetime,
) -> SentCodes:
    rows = list(found)
    own = [row for row in rows if (row[0], row[1]) == (owner.kind, owner.id)]
    there = [row for row in rows if row[2] == destination]
    counted = [
        ([row[3] for row in own if row[2] == destination], OWNER_AND_DESTINATION_LIMITS),
        ([row[3] for row in own], OWNER_LIMITS),
        ([row[3] for row in there if row[3] > at - _DESTINATION_WINDOW], DESTINATION_LIMITS),
    ]
    if purpose in ASKED_BY_ANYBODY:
        counted.append(([row[3] for row in there if row[4] in ASKED_BY_ANYBODY], STRANGER_LIMITS))
    waits = [next_send_at(sent, limits, at=at) for sent, limits in counted]
    return SentCodes(
        next_at=max((wait for wait in waits if wait is not None), default=None),
        bindings=frozenset(row[5] for row in own if row[6] is None),
    )


def _counting(
    *,
    owner_kind: str,
    owner_id: UUID,
    since: datetime,
    destination: str | Combinable,
    lately: datetime,
) -> QuerySet[Challenge]:
    """Return what counts for an owner within a day and for a destination within an hour.

    Of codes that anybody may ask for, for the destination within a day, too. The limits keep it
    short. A code lives for minutes: none that can still be answered is older.
    """
    of_owner = Q(owner_id=owner_id, owner_kind=owner_kind, requested_at__gt=since)
    to_destination = Q(destination=destination, requested_at__gt=lately)
    of_strangers = Q(destination=destination, purpose__in=ASKED_BY_ANYBODY, requested_at__gt=since)
    return Challenge.objects.filter(of_owner | to_destination | of_strangers, used_at__isnull=True)


_SENT = CompiledQuery(lambda **values: _counting(**values).values_list(*_COLUMNS))
