"""What an event says, as the bytes that its MAC and its seal cover."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from core.common.crypto import keyed_digest


class EventContent(NamedTuple):
    """What the writer put into an event, in the order in which it is covered."""

    id: UUID
    at: datetime
    event_type: str
    result: str
    actor_id: UUID | None
    subject_type: str
    subject_id: UUID | None
    contract_id: UUID | None
    request_id: str
    remote_address: str
    data: dict[str, Any]

    def parts(self) -> list[str]:
        """Return the fields as text, the same for what means the same."""
        return [
            str(self.id),
            self.at.astimezone(UTC).isoformat(),
            self.event_type,
            self.result,
            str(self.actor_id),
            self.subject_type,
            str(self.subject_id),
            str(self.contract_id),
            self.request_id,
            self.remote_address,
            json.dumps(self.data, sort_keys=True, default=str),
        ]


CONTENT_COLUMNS: Final = ", ".join(f"e.{name}" for name in EventContent._fields)
"""What a statement selects of an event `e`, for `content_of_columns`."""


def content_of_columns(columns: Sequence[Any]) -> EventContent:
    """Return the content of a row that a statement has read by `CONTENT_COLUMNS`."""
    *plain, data = columns
    return EventContent._make([*plain, json.loads(data)])


def content_of(event: Any) -> EventContent:
    """Return the content of a row that has its columns as attributes."""
    return EventContent(*(getattr(event, name) for name in EventContent._fields))


def mac_of(parts: list[str], *, version: int) -> bytes:
    """Return the MAC over everything the writer put into an event (`EventContent.parts`).

    The transaction's id is the database's own, filled in by the INSERT; the seal covers it.
    Raises KeyError for a version of the key that is not held.
    """
    return keyed_digest("audit", *parts, version=version)
