"""Database sessions beside Django's connections: for locks, listening and probing."""

from typing import Any

import psycopg
from django.db import connections

_DJANGOS_OWN = ("cursor_factory", "context", "prepare_threshold")


def open_session(using: str = "default", **options: Any) -> psycopg.Connection:
    """Return a new session in autocommit, with the login of a connection alias.

    The caller closes it. It knows nothing of contracts: what it sends names its schema.
    """
    params: dict[str, Any] = connections[using].get_connection_params()
    for name in _DJANGOS_OWN:
        params.pop(name, None)
    return psycopg.connect(**{"application_name": "portal", **params, **options}, autocommit=True)
