"""Providers that a person has registered and that wait for approval, for the home page.

The app that owns registrations registers how they are read; nothing here knows registrations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.accounts.models import User


@dataclass(frozen=True)
class WaitingProvider:
    """A provider that waits for the staff of its contract."""

    contract_id: UUID
    name: str
    place: str
    since: datetime
    until: datetime
    withdraw_url: str
    """Where the person takes it back."""


WaitingFinder = Callable[[User], Sequence[WaitingProvider]]
_finders: list[WaitingFinder] = []


def register_waiting_finder(find: WaitingFinder) -> None:
    """Name what finds them. Called in `ready()` of the app that owns registrations."""
    _finders[:] = [find]


def find_waiting_providers(user: User) -> Sequence[WaitingProvider]:
    """Return what a person has registered and nobody has approved yet."""
    return _finders[0](user) if _finders else ()
