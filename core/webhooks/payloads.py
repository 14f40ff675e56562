"""What is sent, made from the audit trail: the same octets whenever it is made.

Ids, facts and moments. The trail holds no names, addresses or health data, and of a public event
only the fields of the catalogue leave; a SIEM gets the sealed event whole, with what proves it.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from core.audit.chains import BEGINNING, name_of
from core.audit.content import CONTENT_COLUMNS, EventContent, content_of, content_of_columns
from core.audit.models import AuditEvent
from core.webhooks.catalogue import API_VERSION, BY_NAME
from core.webhooks.models import WebhookDelivery

JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"
_BATCH: Final = f"""
    SELECT s.position, s.digest, e.mac, e.transaction_id,
           {CONTENT_COLUMNS}
    FROM core_audit_auditseal AS s JOIN core_audit_auditevent AS e ON e.id = s.event_id
    WHERE s.chain = %s AND s.position BETWEEN %s AND %s ORDER BY s.position
"""  # noqa: S608 - names of columns alone
_BEFORE: Final = "SELECT digest FROM core_audit_auditseal WHERE chain = %s AND position = %s"


class EventMissingError(LookupError):
    """The audit trail does not hold what is to be sent."""


def content_type_of(delivery: WebhookDelivery) -> str:
    """Return the media type of a delivery's body."""
    return JSON if delivery.event_id else LINES


def body_of(delivery: WebhookDelivery) -> bytes:
    """Return the body of a delivery. Raises EventMissingError."""
    if delivery.event_id is None:
        return b"".join(_lines(delivery))
    event = AuditEvent.objects.filter(pk=delivery.event_id).first()
    if event is None:
        raise EventMissingError
    return _written(public_payload(content_of(event), delivery))


def public_payload(content: EventContent, delivery: WebhookDelivery) -> dict[str, Any]:
    """Return what an endpoint is told of an event.

    `contract` is the endpoint's own, where it has one: an account may work in several, and none of
    them hears of the others.
    """
    known = BY_NAME.get(delivery.event_type)
    fields = known.data if known else ()
    told = {name: content.data[name] for name in fields if name in content.data}
    return {
        "api_version": API_VERSION,
        "id": str(content.id),
        "type": delivery.event_type,
        "occurred_at": _moment(content.at),
        "contract": _key(delivery.endpoint.contract_id or content.contract_id),
        "subject": _subject(content),
        "actor": _key(content.actor_id),
        "result": content.result,
        "data": told,
    }


def _subject(content: EventContent) -> dict[str, str] | None:
    if content.subject_id is None:
        return None
    return {"kind": content.subject_type, "id": str(content.subject_id)}


def size_of_line(content: EventContent) -> int:
    """Return about how many octets an event takes in a batch."""
    return sum(len(part) for part in content.parts()) + 500


def _lines(delivery: WebhookDelivery) -> Iterator[bytes]:
    previous = _digest_before(delivery.chain, delivery.first)
    with connection.cursor() as cursor:
        cursor.execute(_BATCH, [delivery.chain, delivery.first, delivery.last])
        rows = cursor.fetchall()
    if len(rows) != delivery.events:
        raise EventMissingError
    for position, digest, mac, number, *columns in rows:
        content = content_of_columns(columns)
        line = {
            "api_version": API_VERSION,
            "chain": name_of(delivery.chain),
            "position": position,
            "previous": previous.hex(),
            "digest": bytes(digest).hex(),
            "mac": bytes(mac).hex(),
            "transaction": number,
            "event": _whole(content),
        }
        previous = bytes(digest)
        yield _written(line) + b"\n"


def _digest_before(chain: UUID, first: int) -> bytes:
    if first == 1:
        return BEGINNING
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [chain, first - 1])
        found = cursor.fetchone()
    if found is None:
        raise EventMissingError
    return bytes(found[0])


def _whole(content: EventContent) -> dict[str, Any]:
    return {
        "id": str(content.id),
        "at": content.at.astimezone(UTC).isoformat(),
        "type": content.event_type,
        "result": content.result,
        "actor": _key(content.actor_id),
        "subject_type": content.subject_type,
        "subject_id": _key(content.subject_id),
        "contract": _key(content.contract_id),
        "request_id": content.request_id,
        "remote_address": content.remote_address,
        "data": content.data,
    }


def _key(key: UUID | None) -> str | None:
    return None if key is None else str(key)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _written(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
