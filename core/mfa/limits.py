"""How many codes were sent to whom: counted on the challenges themselves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

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


@dataclass(frozen=True)
class SentCodes:
    """What was sent and not used: `next_at` says when a code may go next, None means now.

    `bindings` asked for those codes of the owner that nothing has taken the place of.
    """

    next_at: datetime | None
    bindings: frozenset[UUID]


def next_code_at(owner: Owner, destination: str, purpose: str, *, at: datetime) -> datetime | None:
    """Return when a code may go to a destination next, or None when it may go now."""
    return sent_codes(owner, destination, purpose, at=at).next_at


def sent_codes(owner: Owner, destination: str, purpose: str, *, at: datetime) -> SentCodes:
    """Return what the codes sent so far leave open.

    One statement, which the limits keep short: it reads what counts for this owner within a day
    and for this destination within an hour; of codes that anybody may ask for, within a day. A
    code lives for minutes: none that can still be answered is older.
    """
    is_strangers = purpose in ASKED_BY_ANYBODY
    of_owner = Q(owner_id=owner.id, owner_kind=owner.kind, requested_at__gt=at - LONGEST_WINDOW)
    to_destination = Q(destination=destination, requested_at__gt=at - _DESTINATION_WINDOW)
    counting = of_owner | to_destination
    if is_strangers:
        counting |= Q(
            destination=destination,
            purpose__in=ASKED_BY_ANYBODY,
            requested_at__gt=at - LONGEST_WINDOW,
        )
    rows = list(
        Challenge.objects.filter(counting, used_at__isnull=True).values_list(
            "owner_kind",
            "owner_id",
            "destination",
            "requested_at",
            "purpose",
            "binding",
            "superseded_at",
        )
    )
    own = [row for row in rows if (row[0], row[1]) == (owner.kind, owner.id)]
    there = [row for row in rows if row[2] == destination]
    counted = [
        ([row[3] for row in own if row[2] == destination], OWNER_AND_DESTINATION_LIMITS),
        ([row[3] for row in own], OWNER_LIMITS),
        ([row[3] for row in there if row[3] > at - _DESTINATION_WINDOW], DESTINATION_LIMITS),
    ]
    if is_strangers:
        counted.append(([row[3] for row in there if row[4] in ASKED_BY_ANYBODY], STRANGER_LIMITS))
    waits = [next_send_at(sent, limits, at=at) for sent, limits in counted]
    return SentCodes(
        next_at=max((wait for wait in waits if wait is not None), default=None),
        bindings=frozenset(row[5] for row in own if row[6] is None),
    )
