"""The lock after failures, as a pure table: a state, a failure, the next state."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class LockRules:
    """The lock of a policy. Without a window all failures since the last success count.

    Without a hold the lock lasts until somebody unlocks.
    """

    failures: int
    window_minutes: int | None
    hold_minutes: int | None


@dataclass(frozen=True)
class LockState:
    """The counters of one account."""

    failed_attempts: int = 0
    first_failed_at: datetime | None = None
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
    A lock that ran out, and failures older than the window, start the count again. `final` locks
    whatever the count, for somebody who has used up all tries at a code.
    """
    if state.is_locked(at):
        return state
    if state.locked_at is not None or _window_is_over(state, rules, at):
        state = LockState()
    counted = replace(
        state,
        failed_attempts=state.failed_attempts + 1,
        first_failed_at=state.first_failed_at or at,
    )
    if not final and counted.failed_attempts < rules.failures:
        return counted
    until = None if rules.hold_minutes is None else at + timedelta(minutes=rules.hold_minutes)
    return replace(counted, locked_at=at, lock_until=until)


def _window_is_over(state: LockState, rules: LockRules, at: datetime) -> bool:
    if rules.window_minutes is None or state.first_failed_at is None:
        return False
    return at - state.first_failed_at >= timedelta(minutes=rules.window_minutes)
