"""Write audit events, in the transaction of the act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from core.audit.content import content_of, mac_of
from core.audit.models import AuditEvent
from core.common.clock import now
from core.common.context import RequestContext, current_context
from core.common.crypto import current_key_version
from core.common.ids import uuid7
from core.common.writing import insert_together

THIS_TRANSACTION: Final = RawSQL("pg_current_xact_id()::text::bigint", [], BigIntegerField())


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
        data=_data(happening, context),
        transaction_id=THIS_TRANSACTION,
        key_version=current_key_version(),
    )
    event.mac = mac_of(content_of(event).parts(), version=event.key_version)
    return event


def _data(happening: Happening, context: RequestContext) -> dict[str, object]:
    """Return the data, with the elevated rights or the token under which it was done."""
    known = dict(happening.data)
    if context.elevation_id is not None:
        known.setdefault("elevation", str(context.elevation_id))
    if context.token_id is not None:
        known.setdefault("token", str(context.token_id))
    return known


def _as_written(event: AuditEvent) -> AuditEvent:
    """Forget the expression of the transaction's id; who asks for the id reads it."""
    del event.transaction_id
    return event
