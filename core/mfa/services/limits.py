"""How many codes were sent to whom: counted on the challenges themselves."""

from datetime import datetime, timedelta

from core.mfa.codes import (
    DESTINATION_LIMITS,
    LONGEST_WINDOW,
    OWNER_AND_DESTINATION_LIMITS,
    OWNER_LIMITS,
    Owner,
    next_send_at,
)
from core.mfa.models import Challenge


def next_code_at(owner: Owner, destination: str, *, at: datetime) -> datetime | None:
    """Return when a code may go to a destination next, or None when it may go now."""
    waits = [
        next_send_at(sent, limits, at=at)
        for sent, limits in (
            (_sent_by_owner(owner, at=at, destination=destination), OWNER_AND_DESTINATION_LIMITS),
            (_sent_by_owner(owner, at=at), OWNER_LIMITS),
            (_sent_to(destination, at=at), DESTINATION_LIMITS),
        )
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _sent_by_owner(owner: Owner, *, at: datetime, destination: str | None = None) -> list[datetime]:
    sent = Challenge.objects.filter(
        owner_kind=owner.kind,
        owner_id=owner.id,
        used_at__isnull=True,
        requested_at__gt=at - LONGEST_WINDOW,
    )
    if destination is not None:
        sent = sent.filter(destination=destination)
    return list(sent.values_list("requested_at", flat=True))


def _sent_to(destination: str, *, at: datetime) -> list[datetime]:
    sent = Challenge.objects.filter(
        destination=destination,
        used_at__isnull=True,
        requested_at__gt=at - timedelta(hours=1),
    )
    newest = sent.order_by("-requested_at").values_list("requested_at", flat=True)
    return list(newest[: DESTINATION_LIMITS[0].count])
