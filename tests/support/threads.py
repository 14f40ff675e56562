"""The same act many times at one moment, each on a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """Run an act in as many threads at the same moment; returns what each gave, in order."""
    barrier = Barrier(count)

    def run(place: int) -> Result:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def until_blocked_or(done: Event) -> None:
    """Wait until another connection waits for a lock, or has gone on without one.

    What PostgreSQL tells of its connections it tells anew only when the transaction asks for it.
    """
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
    for _ in range(3000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting + "current_database()")
            if cursor.fetchone() is not None or done.wait(timeout=0.01):
                return
