"""Deliver what no announcement brought: retries, lost announcements, lost workers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.notifications.selectors import list_due
from core.notifications.services.delivery import Clock, deliver_message, recover_stuck

_BATCH: Final = 200
_LONGEST: Final = timedelta(seconds=20)


@dataclass(frozen=True)
class SweepResult:
    """What one sweep did."""

    recovered: int
    handled: int


def sweep(*, clock: Clock) -> SweepResult:
    """Settle rows whose worker was lost, then deliver what is due; called every few seconds.

    Any number of sweeps may run beside each other and beside the workers. One stops after 20
    seconds: with a provider that hangs, the next ones take up the rest.
    """
    started: datetime = clock()
    recovered = recover_stuck(at=started)
    handled = 0
    for message_id in list_due(at=started)[:_BATCH]:
        if deliver_message(message_id=message_id, clock=clock) is not None:
            handled += 1
        if clock() - started > _LONGEST:
            break
    return SweepResult(recovered=recovered, handled=handled)
