"""What two or more kinds of the same act cost, one after another in turn."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

ROUNDS = 200
WARM = 10
"""Rounds before those that count: connections, texts of queries and keys are made in the first."""
AT_MOST_APART = 0.03


def compare(
    kinds: Sequence[str],
    act: Callable[[str, int], object],
    *,
    prepare: Callable[[str, int], object] = lambda _kind, _place: None,
    rounds: int = ROUNDS,
) -> None:
    """Do an act of each kind in every round and compare the medians of what they cost.

    Compared is the processor's time; that the statements are the same is for the tests of equal
    work. `act` gets the kind and the round; `prepare` is done before each, and not measured. Each
    kind comes first, second and last equally often, and garbage is collected between rounds, so
    that nobody pays for what another left behind.

    Other work on the machine makes the same act dearer for a while. So each cost is taken as a
    part of its round's, whose acts were done within moments of one another, and the medians of
    these parts are compared.
    """
    done = []
    with _no_garbage():
        for place in range(WARM + rounds):
            costs = {}
            if not place % 10:
                gc.collect()
            for kind in _in_turn(kinds, place):
                prepare(kind, place)
                began = time.process_time()
                act(kind, place)
                costs[kind] = time.process_time() - began
            done.append(costs)
    del done[:WARM]
    parts = {}
    for kind in kinds:
        median = statistics.median(costs[kind] for costs in done)
        print(f"\n{kind}: {1000 * median:.2f} ms of the processor")
        parts[kind] = statistics.median(costs[kind] / sum(costs.values()) for costs in done)
    apart = max(parts.values()) / min(parts.values()) - 1
    print(f"apart: {100 * apart:.1f} %, at most {100 * AT_MOST_APART:.0f} %")
    assert apart <= AT_MOST_APART, parts


def _in_turn(kinds: Sequence[str], place: int) -> Sequence[str]:
    first = place % len(kinds)
    order = [*kinds[first:], *kinds[:first]]
    return order if place // len(kinds) % 2 else order[::-1]


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Have nothing collected but where it is asked for, and leave out of it what is there now."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
