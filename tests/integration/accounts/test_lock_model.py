"""The lock of an account in the database against a model: failures, waits, successes, unlocks.

The model keeps every failure with its moment; ours keeps the latest, and the lock's two moments.
"""

from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.accounts.locking import LockRules, LockState, after_failure
from core.accounts.models import User
from core.accounts.services.locks import forget_failures, record_failure, unlock_account
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.notifications.models import OutboxMessage
from tenants.configuration.policy import MOST_LOCK_FAILURES
from tests.support.naive import fails_with
from tests.support.people import START, after, make_person

pytestmark = pytest.mark.django_db
ENOUGH = settings(max_examples=20, stateful_step_count=20, deadline=None)
# To find one failure is enough; nothing is made smaller.
UNTIL_IT_FAILS = settings(
    ENOUGH, max_examples=200, derandomize=True, phases=[Phase.generate], database=None
)
MINUTE = timedelta(minutes=1)
AFTER = "core.accounts.services.locks.after_failure"


class Locks(RuleBasedStateMachine):
    """One account, whatever happens to it."""

    @initialize(
        failures=st.integers(1, 5),
        window=st.sampled_from([None, 10, 120]),
        hold=st.sampled_from([None, 5, 60]),
    )
    def begin(self, failures: int, window: int | None, hold: int | None) -> None:
        self.lock = LockRules(failures=failures, window_minutes=window, hold_minutes=hold)
        self.user = make_person(f"p{uuid7().hex}", factors=False)
        self.at = START
        self.failed: list[datetime] = []
        self.locked_at: datetime | None = None
        self.closings = 0

    @property
    def is_locked(self) -> bool:
        hold = self.lock.hold_minutes
        if self.locked_at is None:
            return False
        return hold is None or self.at < self.locked_at + hold * MINUTE

    def _forget(self) -> None:
        self.failed, self.locked_at = [], None

    @rule(final=st.sampled_from([False, False, False, True]))
    def fail(self, *, final: bool) -> None:
        record_failure(user_id=self.user.id, rules=self.lock, at=self.at, final=final)
        if self.is_locked:
            return
        if self.locked_at is not None:
            self._forget()
        self.failed.append(self.at)
        window = self.lock.window_minutes
        together = [one for one in self.failed if window is None or self.at < one + window * MINUTE]
        if final or len(together) >= self.lock.failures:
            self.locked_at = self.at
            self.closings += 1

    @rule(minutes=st.sampled_from([0, 1, 5, 10, 60, 120]), seconds=st.sampled_from([-1, 0, 1]))
    def wait(self, minutes: int, seconds: int) -> None:
        self.at += max(timedelta(), minutes * MINUTE + timedelta(seconds=seconds))

    @rule()
    def sign_in(self) -> None:
        if not self.is_locked:
            forget_failures(user_id=self.user.id, at=self.at)
            self._forget()

    @rule()
    def unlock(self) -> None:
        was_locked = unlock_account(user_id=self.user.id, reason="asked", by=None, at=self.at)
        assert was_locked == self.is_locked
        self._forget()

    @invariant()
    def the_rows_say_the_same(self) -> None:
        user = User.objects.get(pk=self.user.pk)
        assert user.is_locked(self.at) == self.is_locked
        assert user.failed_at == self.failed[-MOST_LOCK_FAILURES:]

    def teardown(self) -> None:
        if hasattr(self, "user"):
            events = AuditEvent.objects.filter(subject_id=self.user.id)
            assert events.filter(event_type="account.locked").count() == self.closings
            told = OutboxMessage.objects.filter(account_id=self.user.id, kind="account_locked")
            assert told.count() == self.closings


def until_it_fails() -> None:
    run_state_machine_as_test(Locks, settings=UNTIL_IT_FAILS)


def test_the_lock_follows_the_model() -> None:
    run_state_machine_as_test(Locks, settings=ENOUGH)


def test_a_lock_that_each_try_prolongs_does_not() -> None:
    """The naive way: every failure counts, and a lock begins anew with each."""

    def naive(state: LockState, *, rules: LockRules, at: datetime, final: bool) -> LockState:
        failed_at = (*state.failed_at, at)
        if not final and len(failed_at) < rules.failures:
            return LockState(failed_at)
        hold = rules.hold_minutes
        return LockState(failed_at, at, None if hold is None else at + hold * MINUTE)

    fails_with(AFTER, naive, until_it_fails, where="assert user.")


def failures_around_the_end_of_a_window_lock() -> None:
    """Four just before the end of what began with the first of them, and four just after."""
    rules = LockRules(failures=5, window_minutes=120, hold_minutes=60)
    user = make_person(f"p{uuid7().hex}", factors=False)
    for seconds in (0, 7190, 7191, 7192, 7200, 7201, 7202, 7203):
        record_failure(user_id=user.id, rules=rules, at=after(seconds=seconds))
    user.refresh_from_db()
    assert user.locked_at == after(seconds=7201), "the fifth within 120 minutes"


def test_failures_around_the_end_of_a_window_lock() -> None:
    failures_around_the_end_of_a_window_lock()


def test_a_window_that_begins_with_the_first_failure_lets_them_through() -> None:
    """The naive way: a count, and the moment it began."""

    def naive(state: LockState, *, rules: LockRules, at: datetime, final: bool) -> LockState:
        window = rules.window_minutes
        is_old = window and state.failed_at and state.failed_at[0] + window * MINUTE <= at
        return after_failure(LockState() if is_old else state, rules=rules, at=at, final=final)

    fails_with(
        AFTER, naive, failures_around_the_end_of_a_window_lock, where="assert user.locked_at"
    )
