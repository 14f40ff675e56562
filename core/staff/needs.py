"""What waits for somebody of staff: each app says what of its own, home lists it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from core.staff.scope import StaffActor


@dataclass(frozen=True)
class Need:
    """So many things of one sort that somebody should look at, and the path of their page.

    `words` goes on after the number: "messages were given up".
    """

    number: int
    words: str
    path: str


FindNeeds = Callable[[StaffActor, datetime], Iterable[Need]]
_sources: list[FindNeeds] = []


def register_needs(find: FindNeeds) -> None:
    """Add what an app knows of; it asks for permissions itself. Called in its `ready()`."""
    if find not in _sources:
        _sources.append(find)


def needs_of(staff: StaffActor, *, at: datetime) -> list[Need]:
    """Return what waits for somebody; what there is none of is left out."""
    found = (need for find in _sources for need in find(staff, at))
    return [need for need in found if need.number]
