"""Find audit events: by who, what, when, contract and object."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q, QuerySet

from core.audit.chains import DEPLOYMENT
from core.audit.models import AuditEvent
from core.audit.places import NEWEST_FIRST, Place
from core.staff.scope import StaffScope

PER_PAGE: Final = 50
SEALED: Final = ("position", "digest", "sealed_at")
"""What `with_seals` adds to an event."""
SEALED_BY: Final = timedelta(minutes=1)
"""Own figure: sealing takes a second, and waits behind the oldest transaction that is open."""


@dataclass(frozen=True)
class AuditSearch:
    """What somebody looks for; what is empty narrows nothing."""

    who: UUID | None = None
    """Who did it, or what account it was done to."""
    what: str = ""
    """A type of events, `sign_in.refused`, or the noun before its point, `sign_in`."""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is not meant any more."""
    contract: UUID | None = None
    chain: str = ""
    """`deployment`: only what names no contract."""
    object: UUID | None = None
    """The key of what an event is about."""
    request: str = ""
    """The id of a request, which pages with errors show."""

    def kept(self) -> dict[str, str]:
        """Return what was asked for, as an event of its own keeps it."""
        return {name: str(value) for name, value in asdict(self).items() if value}


@dataclass(frozen=True)
class EventPage:
    """Some events of a list, newest first; `older` is where the next page begins."""

    events: list[Any]
    """With their seals (`with_seals`)."""
    older: Place | None

    def late(self, *, at: datetime) -> int:
        """Return how many should have been sealed long ago: the sealer stands still."""
        due = at - SEALED_BY
        return sum(event.at < due and event.position is None for event in self.events)


def find_events(scope: StaffScope, search: AuditSearch) -> QuerySet[AuditEvent]:
    """Return the events in somebody's scope that fit, newest first.

    Events that name no contract are seen by who holds the permission in the whole deployment.
    """
    found = scope.narrow(AuditEvent.objects.all())
    if search.who:
        found = found.filter(
            Q(actor_id=search.who) | Q(subject_type="account", subject_id=search.who)
        )
    if search.what:
        noun = Q() if "." in search.what else Q(event_type__startswith=f"{search.what}.")
        found = found.filter(noun or Q(event_type=search.what))
    if search.since:
        found = found.filter(at__gte=search.since)
    if search.until:
        found = found.filter(at__lt=search.until)
    if search.contract:
        found = found.filter(contract_id=search.contract)
    if search.chain == DEPLOYMENT:
        found = found.filter(contract_id=None)
    if search.object:
        found = found.filter(subject_id=search.object)
    if search.request:
        found = found.filter(request_id=search.request)
    return found.order_by(*NEWEST_FIRST)


def page_of_events(
    scope: StaffScope, search: AuditSearch, *, before: Place | None = None
) -> EventPage:
    """Return one page of what fits, from a place on, with its seals (one query)."""
    found = with_seals(find_events(scope, search))
    rows = list((before.older(found) if before else found)[: PER_PAGE + 1])
    older = Place.of(rows[PER_PAGE - 1]) if len(rows) > PER_PAGE else None
    return EventPage(rows[:PER_PAGE], older)


def with_seals(events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """Have each event come with the `position`, `digest` and `sealed_at` of its seal.

    They are None for an event that is not sealed yet.
    """
    return events.annotate(**{name: F(f"seal__{name}") for name in SEALED})
