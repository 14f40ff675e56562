"""The same act many times at one moment, each on a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
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
