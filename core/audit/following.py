"""What goes on from the sealer: whoever passes sealed events on hears of each one once, in order.

Called in the transaction of the seals, so that what a follower writes is there with them or not at
all. A follower that fails holds the seals up, as a database that is away does: both are tried
again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from core.audit.content import EventContent


class SealedEvent(NamedTuple):
    """An event with the place that it has just been given."""

    chain: UUID
    position: int
    content: EventContent
    is_adopted: bool
    """Whether another deployment recorded it, and it came with a contract's data."""


Follow = Callable[[Sequence[SealedEvent], datetime], None]
_followers: Final[list[Follow]] = []


def register_follower(follow: Follow) -> None:
    """Have a function called with what is sealed. Called in `ready()` of the app that owns it."""
    if follow not in _followers:
        _followers.append(follow)


def tell_followers(events: Sequence[SealedEvent], *, at: datetime) -> None:
    """Tell everybody of the events of one turn, in the order of their seals."""
    for follow in _followers:
        follow(events, at)
