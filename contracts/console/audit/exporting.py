"""Audit events as a file: CSV for a spreadsheet, JSON lines for a program."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.core.cache import cache
from django.db.models import QuerySet

from contracts.console.audit.searching import AuditSearch, find_events
from core.audit.content import EventContent, content_of
from core.audit.models import AuditEvent
from core.audit.places import Place
from core.audit.recording import record
from core.common.tables import sheet_pieces
from core.staff.scope import StaffScope

_BATCH: Final = 1_000
_AN_HOUR: Final = 3600
"""Seconds."""
_recorded: dict[int, set[str]] = {}
_MOMENTS: Final = {"since", "until"}


def event_pieces(scope: StaffScope, search: AuditSearch, *, form: str) -> Iterator[str]:
    """Yield the file of what fits, newest first, a thousand events read at a time.

    `form` is `csv` or `jsonl`. No answer is held open in the database meanwhile.
    """
    events = _all(find_events(scope, search))
    if form == "jsonl":
        return (json.dumps(_facts(event), ensure_ascii=False) + "\n" for event in events)
    return sheet_pieces(_sheet(events))


def record_export(search: AuditSearch, *, form: str, reason: str, by: UUID, at: datetime) -> None:
    """Record `audit.exported`: who took which events along, and why.

    In the chain of the contract that was asked for, else in the deployment's.
    """
    record(
        "audit.exported",
        contract_id=search.contract,
        actor_id=by,
        data={"form": form, "reason": reason, "narrowed_by": search.kept()},
        at=at,
    )


def record_reading(search: AuditSearch, *, token_id: UUID, by: UUID, at: datetime) -> None:
    """Record `audit.read`: what a program looks for in the trail, once an hour for each such thing.

    Not for each call: a system that asks every minute would fill the trail with its own reading. Of
    the moments that it asks from and to the days count.
    """
    kept = search.kept()
    same = {name: value[:10] if name in _MOMENTS else value for name, value in kept.items()}
    data = {"narrowed_by": kept}
    _record_once_an_hour(same, data, contract_id=search.contract, token_id=token_id, by=by, at=at)


def record_reading_of(event: AuditEvent, *, token_id: UUID, by: UUID, at: datetime) -> None:
    """Record `audit.read` of a single event, once an hour for each token."""
    same = {"event": str(event.id)}
    data = {**same, "narrowed_by": AuditSearch(contract=event.contract_id).kept()}
    _record_once_an_hour(same, data, contract_id=event.contract_id, token_id=token_id, by=by, at=at)


def _record_once_an_hour(
    same: Mapping[str, str],
    data: Mapping[str, object],
    *,
    contract_id: UUID | None,
    token_id: UUID,
    by: UUID,
    at: datetime,
) -> None:
    """Record a reading, unless one that is the `same` was recorded for the token this hour."""
    hour = int(at.timestamp()) // _AN_HOUR
    what = f"{token_id} {sorted(same.items())}"
    known = _recorded_in(hour)
    if what in known:
        return
    key = f"audit-read:{hour}:{sha256(what.encode()).hexdigest()}"
    if cache.add(key, "yes", _AN_HOUR):
        try:
            record("audit.read", contract_id=contract_id, actor_id=by, data=data, at=at)
        except Exception:
            cache.delete(key)  # or the next call would read, and nothing would say so
            raise
    known.add(what)


def _recorded_in(hour: int) -> set[str]:
    """Return what this process knows to be recorded in an hour: the cache is not asked again."""
    if hour not in _recorded:
        _recorded.clear()
    return _recorded.setdefault(hour, set())


def _all(found: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    last: Place | None = None
    while batch := list((last.older(found) if last else found)[:_BATCH]):
        yield from batch
        last = Place.of(batch[-1])


def _facts(event: AuditEvent) -> dict[str, object]:
    facts = content_of(event)._asdict()
    return {
        name: value if isinstance(value, str | dict) or value is None else str(value)
        for name, value in {**facts, "at": event.at.astimezone(UTC).isoformat()}.items()
    }


def _sheet(events: Iterator[AuditEvent]) -> Iterator[Sequence[object]]:
    yield EventContent._fields
    for event in events:
        yield [
            json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value or ""
            for value in _facts(event).values()
        ]
