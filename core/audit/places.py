"""Where a page of a list of events ends, and the older one begins."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from django.db.models import Q, QuerySet

from core.audit.models import AuditEvent

NEWEST_FIRST: Final = ("-at", "-id")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a page of the list ends, and the older one begins."""

    at: datetime
    event_id: UUID

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.event_id}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that an address names; None for one that makes no sense."""
        moment, _, key = text.partition("-")
        try:
            return cls(_EPOCH + timedelta(microseconds=int(moment)), UUID(key))
        except (ValueError, OverflowError):
            return None

    @classmethod
    def of(cls, event: AuditEvent) -> Self:
        """Return the place of an event: older ones come after it."""
        return cls(event.at, event.id)

    def older(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """Return the events that are older than the place, by the index of the moments."""
        older = Q(at__lt=self.at) | Q(at=self.at, id__lt=self.event_id)
        return events.filter(older, at__lte=self.at)
