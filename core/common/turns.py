"""Taking turns: what is counted before it is allowed must not be counted side by side."""

from django.db import connection

from core.common.crypto import keyed_digest


def hold_turn(purpose: str, key: str) -> None:
    """Make everybody else with the same purpose and key wait until this transaction ends.

    An advisory lock on a keyed digest: it needs no row, so it is the same for what exists and for
    what does not.
    """
    hold_turns((purpose, key))


def hold_turns(*turns: tuple[str, str]) -> None:
    """Hold several turns, each (purpose, key), taken in the order given, by one statement.

    Who holds some of the same turns must name them in the same order, or two wait for each other.
    """
    numbers = [turn_number(purpose, key) for purpose, key in turns]
    # A list of the select is evaluated from left to right.
    locks = ", ".join(["pg_advisory_xact_lock(%s)"] * len(numbers))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {locks}", numbers)


def turn_number(purpose: str, key: str) -> int:
    """Return the number of a turn's advisory lock, for statements that do more than wait."""
    return int.from_bytes(keyed_digest(purpose, key)[:8], "big", signed=True)
