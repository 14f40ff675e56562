"""What two or more kinds of the same act cost, one after another in turn."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext

ROUNDS = 200
AT_MOST_APART = 0.03


def compare(
    kinds: Sequence[str],
    act: Callable[[str, int], object],
    *,
    prepare: Callable[[], object] = nullcontext,
) -> None:
    """Do an act of each kind in every round and compare the medians of what they cost.

    Compared is the processor's time, which other work on the machine does not change; that the
    statements are the same is for the tests of equal work. `act` gets the kind and the round;
    `prepare` is done before each, and not measured.
    """
    costs: dict[str, list[float]] = {kind: [] for kind in kinds}
    for place in range(ROUNDS):
        for kind in kinds if place % 2 else reversed(kinds):
            prepare()
            began = time.process_time()
            act(kind, place)
            costs[kind].append(time.process_time() - began)
    medians = {kind: statistics.median(found) for kind, found in costs.items()}
    for kind, median in medians.items():
        print(f"\n{kind}: {1000 * median:.2f} ms of the processor")
    apart = max(medians.values()) / min(medians.values()) - 1
    print(f"apart: {100 * apart:.1f} %, at most {100 * AT_MOST_APART:.0f} %")
    assert apart <= AT_MOST_APART, medians
