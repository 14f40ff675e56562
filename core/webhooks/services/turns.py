"""Work off all endpoints that have something due, each in a thread: waiting costs nothing else.

A receiver that is slow holds up its own deliveries. One worker's task is enough for all of them:
while some threads wait, it looks for other endpoints again and again; what it does not take up
another worker's does, and the lease of an endpoint keeps the two apart.
"""

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Final

from django.db import connection

from core.webhooks.selectors import count_at_work, list_due_endpoints
from core.webhooks.services.delivering import Clock, Lease, take_endpoint, work_off

logger = logging.getLogger(__name__)
MOST_AT_WORK: Final = 16
"""Endpoints that are worked off at a time, by all workers together. Own figure."""
LONGEST: Final = timedelta(seconds=30)
"""After that a task takes nothing more up: it is ended by the next release, or by its worker."""
_LOOK_AGAIN: Final = 0.5


def deliver_due(*, clock: Clock) -> int:
    """Send what is due to all endpoints; returns how many requests were made.

    Called every few seconds by a task; any number may run at a time.
    """
    until, done = clock() + LONGEST, 0
    in_hand: set[Future[int]] = set()
    with ThreadPoolExecutor(MOST_AT_WORK) as pool:
        while True:
            leases = _take_some(clock) if clock() < until else []
            in_hand |= {pool.submit(_work_off, lease, clock) for lease in leases}
            if not in_hand:
                return done
            ended, in_hand = wait(in_hand, timeout=_LOOK_AGAIN, return_when=FIRST_COMPLETED)
            done += sum(one.result() for one in ended)


def _take_some(clock: Clock) -> list[Lease]:
    at = clock()
    due = list(list_due_endpoints(at=at)[:MOST_AT_WORK].values_list("pk", flat=True))
    if not due:
        return []
    free = max(0, MOST_AT_WORK - count_at_work(at=at))
    taken = (take_endpoint(endpoint_id=key, at=at) for key in due[:free])
    return [lease for lease in taken if lease is not None]


def _work_off(lease: Lease, clock: Clock) -> int:
    """Work one endpoint off. A fault of ours there is logged, and holds up no other endpoint."""
    try:
        return work_off(lease=lease, clock=clock)
    except Exception:
        logger.exception("webhook %s could not be worked off", lease.endpoint_id)
        return 0
    finally:
        connection.close()
