"""The lock against a model: any sequence of failures and waits."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.accounts.locking import LockRules, LockState, after_failure

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
rules = st.builds(
    LockRules,
    failures=st.integers(1, 6),
    window_minutes=st.none() | st.integers(1, 120),
    hold_minutes=st.none() | st.integers(1, 120),
)
waits = st.lists(st.integers(0, 90), max_size=40)


@given(rules=rules, waits=waits)
def test_a_lock_never_needs_more_failures_than_allowed(rules: LockRules, waits: list[int]) -> None:
    state, at, in_window = LockState(), START, []
    for wait in waits:
        at += timedelta(minutes=wait)
        was_locked = state.is_locked(at)
        after = after_failure(state, rules=rules, at=at)
        if was_locked:
            assert after == state, "a lock is not prolonged"
        elif after.is_locked(at):
            assert after.failed_attempts == rules.failures
        else:
            assert after.failed_attempts < rules.failures
        state = after
        in_window.append(at)


@given(rules=rules, count=st.integers(1, 20))
def test_failures_at_one_moment_lock_exactly_at_the_limit(rules: LockRules, count: int) -> None:
    state = LockState()
    for _ in range(count):
        state = after_failure(state, rules=rules, at=START)
    assert state.is_locked(START) == (count >= rules.failures)
    assert state.failed_attempts == min(count, rules.failures)


def test_a_lock_without_hold_lasts() -> None:
    rules = LockRules(failures=1, window_minutes=1, hold_minutes=None)
    state = after_failure(LockState(), rules=rules, at=START)
    assert state.is_locked(START + timedelta(days=3650))


def test_failures_older_than_the_window_do_not_count() -> None:
    rules = LockRules(failures=2, window_minutes=120, hold_minutes=60)
    first = after_failure(LockState(), rules=rules, at=START)
    just_inside = START + timedelta(minutes=119, seconds=59)
    assert after_failure(first, rules=rules, at=just_inside).is_locked(just_inside)
    at_the_end = START + timedelta(minutes=120)
    assert not after_failure(first, rules=rules, at=at_the_end).is_locked(at_the_end)


def test_after_a_timed_lock_the_count_begins_anew() -> None:
    rules = LockRules(failures=2, window_minutes=None, hold_minutes=60)
    state = LockState()
    for _ in range(2):
        state = after_failure(state, rules=rules, at=START)
    later = START + timedelta(minutes=60)
    state = after_failure(state, rules=rules, at=later)
    assert (state.failed_attempts, state.is_locked(later)) == (1, False)


def test_the_last_try_at_a_code_locks_whatever_the_count() -> None:
    rules = LockRules(failures=5, window_minutes=120, hold_minutes=60)
    assert after_failure(LockState(), rules=rules, at=START, final=True).is_locked(START)
