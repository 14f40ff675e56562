"""Write audit events, in the transaction of the act."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from core.audit.models import AuditEvent
from core.common.clock import now
from core.common.context import current_context
from core.common.crypto import current_key_version, keyed_digest
from core.common.ids import uuid7
from core.common.writing import insert_together

_THIS_TRANSACTION: Final = RawSQL("pg_current_xact_id()::text::bigint", [], BigIntegerField())


@dataclass(frozen=True)
class Happening:
    """An act or a refusal that is to be recorded, named `noun.past_verb`.

    What is not said (contract, actor) is taken from the context of the request. `data` holds ids,
    codes and counts, never names, addresses or secrets.
    """

    event_type: str
    contract_id: UUID | None = None
    actor_id: UUID | None = None
    subject: tuple[str, UUID] | None = None
    result: str = "ok"
    data: Mapping[str, object] = field(default_factory=dict)


def record(
    event_type: str,
    *,
    contract_id: UUID | None = None,
    actor_id: UUID | None = None,
    subject: tuple[str, UUID] | None = None,
    result: str = "ok",
    data: Mapping[str, object] | None = None,
    at: datetime | None = None,
) -> AuditEvent:
    """Record an act or a refusal; the fields are those of `Happening`.

    Called by services inside their transaction: the event commits or vanishes with the act.
    """
    event = _event(
        Happening(event_type, contract_id, actor_id, subject, result, data or {}), at or now()
    )
    insert_together(event)
    return _as_written(event)


def event_of(happening: Happening, *, at: datetime) -> AuditEvent:
    """Return the event of an act, for whoever writes it with the act's own rows.

    By `core.common.writing.insert_together`, in the transaction of the act.
    """
    return _event(happening, at)


def record_all(happenings: Sequence[Happening], *, at: datetime) -> list[AuditEvent]:
    """Record the events of one act by one statement, in the order given."""
    if len(happenings) == 1:
        event = _event(happenings[0], at)
        insert_together(event)
        return [_as_written(event)]
    events = [_event(happening, at) for happening in happenings]
    return [_as_written(event) for event in AuditEvent.objects.bulk_create(events)]


def _event(happening: Happening, at: datetime) -> AuditEvent:
    context = current_context()
    subject_type, subject_id = happening.subject or ("", None)
    event = AuditEvent(
        id=uuid7(),
        at=at,
        event_type=happening.event_type,
        result=happening.result,
        actor_id=happening.actor_id or context.actor_id,
        subject_type=subject_type,
        subject_id=subject_id,
        contract_id=happening.contract_id or context.contract_id,
        request_id=context.request_id[:64],
        remote_address=context.remote_address[:45],
        data=_data(happening, context.elevation_id),
        transaction_id=_THIS_TRANSACTION,
        key_version=current_key_version(),
    )
    event.mac = event_mac(event)
    return event


def _data(happening: Happening, elevation: UUID | None) -> dict[str, object]:
    """Return the data, with the elevated rights under which it was done."""
    known = dict(happening.data)
    if elevation is not None:
        known.setdefault("elevation", str(elevation))
    return known


def _as_written(event: AuditEvent) -> AuditEvent:
    """Forget the expression of the transaction's id; who asks for the id reads it."""
    del event.transaction_id
    return event


def event_mac(event: AuditEvent) -> bytes:
    """Return the MAC over everything the writer put into an event.

    The transaction's id is the database's own, filled in by the INSERT; the sealer's digest covers
    it.
    """
    return keyed_digest(
        "audit",
        str(event.id),
        event.at.isoformat(),
        event.event_type,
        event.result,
        str(event.actor_id),
        event.subject_type,
        str(event.subject_id),
        str(event.contract_id),
        event.request_id,
        event.remote_address,
        json.dumps(event.data, sort_keys=True, default=str),
        version=event.key_version,
    )
