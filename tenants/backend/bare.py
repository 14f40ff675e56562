"""Statements without values and rows, sent past psycopg's cursors.

A cursor is made, reads the text, waits and makes a result of it: for SAVEPOINT, RELEASE and
SET search_path, in a transaction a quarter of all statements, that is several times the work of
sending them. The statement itself and the round trip are the same.
"""

from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus


def sent_bare(connection: psycopg.Connection[Any], text: str) -> bool:
    """Send a statement that takes no values and returns no rows. Return whether it was done.

    False says that a cursor is to send it: psycopg would have to begin a transaction first, or the
    server refused it or is gone, and a cursor raises what says so. For the backend alone, which
    knows what the statement means for the path and the transaction.
    """
    with connection.lock:
        if not _can_be_sent(connection):
            return False
        try:
            result = connection.pgconn.exec_(text.encode())
        except psycopg.OperationalError:
            return False
    return result.status == ExecStatus.COMMAND_OK


def _can_be_sent(connection: psycopg.Connection[Any]) -> bool:
    status = connection.pgconn.transaction_status
    if status == TransactionStatus.IDLE:
        return connection.autocommit
    return status == TransactionStatus.INTRANS
