"""Reading many tables as they are at one moment, and reading with writing forbidden."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from psycopg import IsolationLevel


@contextmanager
def consistent_reading() -> Iterator[None]:
    """Let every statement of a `with` block see the moment of its first one (repeatable read).

    Called outside a transaction; others go on writing meanwhile. Nothing is to be written inside:
    two who change the same row at such a level fail where else one would wait.
    """
    connection.ensure_connection()
    driver: Any = connection.connection
    driver.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        if not driver.closed:
            driver.isolation_level = None


@contextmanager
def reading_only() -> Iterator[None]:
    """Have the database refuse every write of a `with` block, whoever would make it.

    PostgreSQL itself raises then, as `django.db.InternalError`. Inside another transaction it holds
    for the block alone.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('transaction_read_only', 'on', true)")
        yield
