"""Write audit events, in the transaction of the act."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from core.audit.models import AuditEvent
from core.common.clock import now
from core.common.context import current_context
from core.common.crypto import current_key_version, keyed_digest
from core.common.ids import uuid7


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
    """Record an act or a refusal, named `noun.past_verb`.

    Called by services inside their transaction: the event commits or vanishes with the act. What
    is not said (contract, actor, request, address) is taken from the context of the request.
    `data` holds ids, codes and counts, never names, addresses or secrets.
    """
    context = current_context()
    subject_type, subject_id = subject or ("", None)
    event = AuditEvent(
        id=uuid7(),
        at=at or now(),
        event_type=event_type,
        result=result,
        actor_id=actor_id or context.actor_id,
        subject_type=subject_type,
        subject_id=subject_id,
        contract_id=contract_id or context.contract_id,
        request_id=context.request_id[:64],
        remote_address=context.remote_address[:45],
        data=dict(data or {}),
        transaction_id=_transaction_id(),
        key_version=current_key_version(),
    )
    event.mac = event_mac(event)
    event.save(force_insert=True)
    return event


def event_mac(event: AuditEvent) -> bytes:
    """Return the MAC over everything the writer put into an event."""
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
        str(event.transaction_id),
        version=event.key_version,
    )


def _transaction_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (value,) = cursor.fetchone()
    return int(value)
