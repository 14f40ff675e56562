"""The lock of an account in the database against a model: failures, waits, successes, unlocks.

The model keeps every failure with its moment; ours keeps a count, and three moments.
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

from core.accounts.locking import LockRules, LockState
from core.accounts.models import User
from core.accounts.services.locks import forget_failures, record_failure, unlock_account
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.notifications.models import OutboxMessage
from tests.support.naive import fails_with
from tests.support.people import START, make_person

pytestmark = pytest.mark.django_db
ENOUGH = settings(max_examples=20, stateful_step_count=20, deadline=None)
# To find one failure is enough; nothing is made smaller.
UNTIL_IT_FAILS = settings(
    ENOUGH, max_examples=200, derandomize=True, phases=[Phase.generate], database=None
)
MINUTE = timedelta(minutes=1)


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
        window = self.lock.window_minutes
        is_old = window and self.failed and self.failed[0] + window * MINUTE <= self.at
        if self.locked_at is not None or is_old:
            self._forget()
        self.failed.append(self.at)
        if final or len(self.failed) == self.lock.failures:
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
        assert user.failed_attempts == len(self.failed)
        assert user.failed_attempts <= self.lock.failures

    def teardown(self) -> None:
        if hasattr(self, "user"):
            events = AuditEvent.objects.filter(subject_id=self.user.id)
            assert events.filter(event_type="account.locked").count() == self.closings
            told = OutboxMessage.objects.filter(account_id=self.user.id, kind="account_locked")
            assert told.count() == self.closings


def test_the_lock_follows_the_model() -> None:
    run_state_machine_as_test(Locks, settings=ENOUGH)


def test_a_lock_that_each_try_prolongs_does_not() -> None:
    """The naive way: every failure counts, and a lock begins anew with each."""

    def naive(state: LockState, *, rules: LockRules, at: datetime, final: bool) -> LockState:
        failed = state.failed_attempts + 1
        if not final and failed < rules.failures:
            return LockState(failed, state.first_failed_at or at)
        hold = rules.hold_minutes
        return LockState(failed, at, at, None if hold is None else at + hold * MINUTE)

    fails_with(
        "core.accounts.services.locks.after_failure",
        naive,
        lambda: run_state_machine_as_test(Locks, settings=UNTIL_IT_FAILS),
    )
