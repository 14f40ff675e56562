"""What happened to one entry, from the audit: who changed it, its codes, its provider."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.roster.entries.forms import label_of
from contracts.roster.models import RosterEntry
from core.audit.models import AuditEvent
from core.groups.models import Provider
from tenants.context import require_contract

_MOST: Final = 50
_SENTENCES: Final = {
    "roster_entry.added": "Added to the roster",
    "roster_entry.changed": "Changed",
    "roster_entry.removed": "Taken off the roster",
    "issued_code.spent": "A code was used",
    "issued_code.revoked": "Codes revoked",
    "provider.registered": "Registered",
    "provider.given_up": "Given up by its group",
    "provider.released": "Identifier released by staff",
    "provider.moved": "Moved to another group by staff",
}


@dataclass(frozen=True)
class Happened:
    """One line of the history."""

    at: datetime
    by: UUID | None
    what: str
    more: str


def history_of(entry: RosterEntry, providers: Iterable[Provider]) -> list[Happened]:
    """Return what is known of an entry, the newest first."""
    codes = entry.issued_codes.values_list("id", flat=True)
    subjects = [entry.id, *codes, *(one.id for one in providers)]
    events = AuditEvent.objects.filter(
        subject_id__in=subjects, contract_id=require_contract().id, event_type__in=_SENTENCES
    )
    return [_told(event) for event in events.order_by("-at", "-id")[:_MOST]]


def _told(event: AuditEvent) -> Happened:
    what = _SENTENCES[event.event_type]
    if event.result != "ok":
        what = f"{what} (refused)"
    return Happened(event.at, event.actor_id, what, _more(event.data))


def _more(data: dict[str, Any]) -> str:
    if fields := data.get("fields"):
        return ", ".join(label_of(name) for name in fields)
    return str(data.get("reason", ""))
