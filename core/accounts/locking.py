"""The lock after failures, as a pure table: a state, a failure, the next state."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tenants.configuration.policy import MOST_LOCK_FAILURES


@dataclass(frozen=True)
class LockRules:
    """The lock of a policy: so many failures within any window of that length.

    Without a window all failures since the last success count. Without a hold the lock lasts until
    somebody unlocks.
    """

    failures: int
    window_minutes: int | None
    hold_minutes: int | None


@dataclass(frozen=True)
class LockState:
    """The failures of one account, earliest first, and its lock.

    Kept are the latest failures since the last success or lock, as many as any policy counts: a
    policy that is published later is held against the same moments.
    """

    failed_at: tuple[datetime, ...] = ()
    locked_at: datetime | None = None
    lock_until: datetime | None = None

    def is_locked(self, at: datetime) -> bool:
        """Tell whether the lock holds at this moment."""
        return self.locked_at is not None and (self.lock_until is None or at < self.lock_until)


def after_failure(
    state: LockState, *, rules: LockRules, at: datetime, final: bool = False
) -> LockState:
    """Return the state after one more failure.

    While the lock holds nothing counts: a lock is neither prolonged nor made anew by more tries.
    A lock that ran out starts the count again. `final` locks whatever the count, for somebody who
    has used up all tries at a code.
    """
    if state.is_locked(at):
        return state
    earlier = () if state.locked_at is not None else state.failed_at
    failed_at = tuple(sorted((*earlier, at)))[-MOST_LOCK_FAILURES:]
    counted = LockState(failed_at)
    if not final and not _are_too_many(failed_at, rules, at):
        return counted
    until = None if rules.hold_minutes is None else at + timedelta(minutes=rules.hold_minutes)
    return replace(counted, locked_at=at, lock_until=until)


def _are_too_many(failed_at: tuple[datetime, ...], rules: LockRules, at: datetime) -> bool:
    """Tell whether some window with this failure in it holds as many as lock.

    Failures of one moment are written in any order, so the window may end after this one.
    """
    if rules.window_minutes is None:
        return len(failed_at) >= rules.failures
    window = timedelta(minutes=rules.window_minutes)
    near = [moment for moment in failed_at if abs(moment - at) < window]
    runs = zip(near, near[rules.failures - 1 :], strict=False)
    return any(last - first < window for first, last in runs)
