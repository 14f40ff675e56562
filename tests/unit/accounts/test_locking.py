"""The lock against a model: any sequence of failures and waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts.locking import LockRules, LockState, after_failure
from tenants.configuration.policy import MOST_LOCK_FAILURES

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
rules = st.builds(
    LockRules,
    failures=st.integers(1, 6),
    window_minutes=st.none() | st.integers(1, 120),
    hold_minutes=st.none() | st.integers(1, 120),
)
waits = st.lists(st.integers(0, 90), max_size=40)


def in_some_window(moments: list[datetime], rules: LockRules) -> int:
    """Return how many failures fall at most into one stretch of the window's length."""
    if rules.window_minutes is None:
        return len(moments)
    window = timedelta(minutes=rules.window_minutes)
    return max(sum(first <= one < first + window for one in moments) for first in moments)


@given(rules=rules, waits=waits)
def test_it_locks_with_the_failure_that_fills_a_window(rules: LockRules, waits: list[int]) -> None:
    state, at, counted = LockState(), START, list[datetime]()
    for wait in waits:
        at += timedelta(minutes=wait)
        after = after_failure(state, rules=rules, at=at)
        if state.is_locked(at):
            assert after == state, "a lock is not prolonged"
            continue
        counted = [*([] if state.locked_at else counted), at]
        assert after.is_locked(at) == (in_some_window(counted, rules) >= rules.failures)
        assert list(after.failed_at) == counted[-MOST_LOCK_FAILURES:]
        state = after


@given(rules=rules, minutes=st.lists(st.integers(0, 240), min_size=1, max_size=MOST_LOCK_FAILURES))
def test_the_order_of_writing_changes_nothing(rules: LockRules, minutes: list[int]) -> None:
    """Parallel failures are written in another order than they happened in."""
    for_good, arrived = replace(rules, hold_minutes=None), list[datetime]()
    state = LockState()
    for minute in minutes:
        arrived.append(START + timedelta(minutes=minute))
        state = after_failure(state, rules=for_good, at=arrived[-1])
        is_full = in_some_window(arrived, for_good) >= for_good.failures
        assert state.is_locked(START) == is_full
        if is_full:
            return


@given(rules=rules, count=st.integers(1, 20))
def test_failures_at_one_moment_lock_exactly_at_the_limit(rules: LockRules, count: int) -> None:
    state = LockState()
    for _ in range(count):
        state = after_failure(state, rules=rules, at=START)
    assert state.is_locked(START) == (count >= rules.failures)
    assert len(state.failed_at) == min(count, rules.failures)


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


@pytest.mark.parametrize(("seconds", "locks"), [(-1, True), (0, False), (1, False)])
def test_the_window_slides(seconds: int, *, locks: bool) -> None:
    """One failure long before, then four: the fifth locks as long as the second still counts."""
    rules = LockRules(failures=5, window_minutes=120, hold_minutes=60)
    state = LockState()
    for minute in (0, 119, 120, 121):
        state = after_failure(state, rules=rules, at=START + timedelta(minutes=minute))
    state = after_failure(state, rules=rules, at=START + timedelta(minutes=122))
    assert state.locked_at is None, "the first one has left the window"
    later = START + timedelta(minutes=119 + 120, seconds=seconds)
    assert after_failure(state, rules=rules, at=later).is_locked(later) is locks


def test_what_is_kept_is_bounded() -> None:
    rules = LockRules(failures=2, window_minutes=1, hold_minutes=None)
    state = LockState()
    for hour in range(3 * MOST_LOCK_FAILURES):
        state = after_failure(state, rules=rules, at=START + timedelta(hours=hour))
    assert len(state.failed_at) == MOST_LOCK_FAILURES
    assert state.failed_at[-1] == START + timedelta(hours=3 * MOST_LOCK_FAILURES - 1)


def test_a_stricter_policy_is_held_against_the_same_moments() -> None:
    lenient = LockRules(failures=5, window_minutes=10, hold_minutes=60)
    state = LockState()
    for minute in (0, 30):
        state = after_failure(state, rules=lenient, at=START + timedelta(minutes=minute))
    strict = LockRules(failures=3, window_minutes=120, hold_minutes=60)
    later = START + timedelta(minutes=60)
    assert after_failure(state, rules=strict, at=later).is_locked(later)


def test_after_a_timed_lock_the_count_begins_anew() -> None:
    rules = LockRules(failures=2, window_minutes=None, hold_minutes=60)
    state = LockState()
    for _ in range(2):
        state = after_failure(state, rules=rules, at=START)
    later = START + timedelta(minutes=60)
    state = after_failure(state, rules=rules, at=later)
    assert (state.failed_at, state.is_locked(later)) == ((later,), False)


def test_the_last_try_at_a_code_locks_whatever_the_count() -> None:
    rules = LockRules(failures=5, window_minutes=120, hold_minutes=60)
    assert after_failure(LockState(), rules=rules, at=START, final=True).is_locked(START)
