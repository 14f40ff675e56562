"""Taking turns: what is counted before it is allowed must not be counted side by side."""

from django.db import connection

from core.common.crypto import keyed_digest


def hold_turn(purpose: str, key: str) -> None:
    """Make everybody else with the same purpose and key wait until this transaction ends.

    An advisory lock on a keyed digest: it needs no row, so it is the same for what exists and for
    what does not.
    """
    number = int.from_bytes(keyed_digest(purpose, key)[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
