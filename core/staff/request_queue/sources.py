"""What waits for a decision of staff: each app registers its kind of request.

The queue knows no kind by itself. A source says what waits, how old it is and to which contract it
belongs; its page and its decision stay in the app that owns it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db.models import QuerySet

from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, StaffScope


@dataclass(frozen=True)
class Shown:
    """What the queue says of one request: what it is about, how far it is, where its page is."""

    title: str
    url: str
    state: str = ""


@dataclass(frozen=True)
class OnFile:
    """An address that the program has on file, whatever the person says: proof from outside."""

    name: str
    lines: tuple[str, ...]
    """The postal address, as it stands on a letter; empty where there is none."""
    email: str
    """Empty where there is none."""


class Postal(Protocol):
    """What has a postal address: a provider, a roster entry."""

    address_1: str
    address_2: str
    city: str
    state: str
    zip: str


def postal_lines(place: Postal) -> tuple[str, ...]:
    """Return a postal address as it stands on a letter; empty without a street or a city."""
    if not place.address_1 or not place.city:
        return ()
    last = f"{place.city}, {place.state} {place.zip}".strip()
    return tuple(line for line in (place.address_1, place.address_2, last) if line)


@dataclass(frozen=True)
class RequestSource:
    """One kind of request. `since` and `contract` are the columns that the queue filters by."""

    kind: str
    label: str
    view: StaffPermission
    """Who sees these requests, where they hold it."""
    decide: StaffPermission
    """Who may take one in hand."""
    list_waiting: Callable[[StaffScope], QuerySet[Any]]
    """What nobody has decided yet, in a scope."""
    show: Callable[[Any], Shown]
    since: str
    contract: str
    place: int
    """Where the kind stands among the others, by tens."""
    on_file: Callable[[Any], Sequence[OnFile]] | None = None
    """The addresses on file that staff may write to about a request."""

    def contract_of(self, row: Any) -> UUID | None:
        """Return the contract that a request belongs to, if any."""
        for name in self.contract.split("__"):
            row = getattr(row, name)
        found: UUID | None = row
        return found


_SOURCES: dict[str, RequestSource] = {}


def register_request_source(source: RequestSource) -> None:
    """Add a kind of request. Called once by the app that owns it, when it is ready."""
    _SOURCES[source.kind] = source


def find_source(kind: str) -> RequestSource | None:
    """Return a kind of request by its name, or None."""
    return _SOURCES.get(kind)


def sources_for(staff: StaffActor) -> list[RequestSource]:
    """Return the kinds that somebody may see anywhere, in the order of the page."""
    seen = [source for source in _SOURCES.values() if staff.may(source.view)]
    return sorted(seen, key=lambda source: source.place)
