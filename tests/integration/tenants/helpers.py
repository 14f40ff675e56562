"""What the tenancy tests share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections

from contracts.roster.models import RosterEntry
from tenants.backend.base import DatabaseWrapper


def portal_connection(using: str = "default") -> DatabaseWrapper:
    """Return a connection as what it is."""
    found = connections[using]
    assert isinstance(found, DatabaseWrapper)
    return found


def switches_so_far() -> int:
    """Return how often the path of this thread's connection was set."""
    return portal_connection().path_switches


def current_path(using: str = "default") -> str:
    """Return the search path that the server has now, asked past the backend's comparison."""
    raw = connections[using].connection
    row = raw.pgconn.exec_(b"SHOW search_path").get_value(0, 0)
    return (row or b"").decode()


def schema_of_query(using: str = "default") -> str:
    """Return the schema that an ordinary statement reaches."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def make_entry(key: str, name: str = "Sample Clinic") -> RosterEntry:
    """Save a roster entry in the contract in hand."""
    return RosterEntry.objects.create(
        unit_key=key, identifier=key, identifier_type="npi", name=name
    )


def in_thread(work: Callable[[], Any]) -> Any:
    """Return what `work` returns in a thread of its own, or raise what it raised there."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(run).result()
