"""How times come out of the database: read by Python's own parser, where Django's takes them apart.

A row of an account holds eight of them, and each request reads one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader


class UtcLoader(BaseTzLoader):  # type: ignore[misc]
    """Reads a time as the server writes it in UTC.

    What Python's parser does not know (another style of dates, an era, infinity) is read as
    before.
    """

    timezone = UTC
    """Django compares it with the connection's and registers a loader of its own for another."""

    def load(self, data: Any) -> datetime:
        """Return the time. Raises psycopg's DataError for one that Python cannot hold."""
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            found: datetime = super().load(data)
            return found


def read_times_at_once(connection: Any) -> None:
    """Have a new connection of psycopg read its times so."""
    connection.adapters.register_loader("timestamptz", UtcLoader)
