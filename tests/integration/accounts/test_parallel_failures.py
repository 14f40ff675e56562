"""Failures of one account at one moment, each on a connection of its own: none is lost."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.db.models import QuerySet

from core.accounts import locking
from core.accounts.locking import LockRules, LockState
from core.accounts.models import User
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.notifications.models import OutboxMessage
from tests.support.naive import fails_with
from tests.support.people import START, make_person
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 8
STEP = timedelta(minutes=20)


def slowly(state: LockState, *, rules: LockRules, at: datetime, final: bool) -> LockState:
    """Leave the others time to read between reading and writing."""
    time.sleep(0.05)
    return locking.after_failure(state, rules=rules, at=at, final=final)


def fail_at_once(rules: LockRules) -> User:
    """Fail as often, a step apart, but all written at one moment in any order."""
    user = make_person(f"p{uuid7().hex}", factors=False)

    def fail(place: int) -> None:
        record_failure(user_id=user.id, rules=rules, at=START + place * STEP)

    with mock.patch("core.accounts.services.locks.after_failure", slowly):
        at_once(AT_ONCE, fail)
    user.refresh_from_db()
    return user


def every_failure_is_kept() -> None:
    user = fail_at_once(LockRules(failures=20, window_minutes=120, hold_minutes=60))
    assert user.failed_at == [START + place * STEP for place in range(AT_ONCE)]
    assert user.locked_at is None


def the_window_that_is_full_locks_once() -> None:
    user = fail_at_once(LockRules(failures=AT_ONCE, window_minutes=141, hold_minutes=None))
    assert user.locked_at is not None
    closed = AuditEvent.objects.filter(event_type="account.locked", subject_id=user.id)
    told = OutboxMessage.objects.filter(kind="account_locked", account_id=user.id)
    assert (closed.count(), told.count()) == (1, 1)


CHECKS = [every_failure_is_kept, the_window_that_is_full_locks_once]


@pytest.mark.parametrize("check", CHECKS)
def test_written_at_one_moment(check: Callable[[], None]) -> None:
    check()


def test_in_a_shorter_window_they_do_not_lock() -> None:
    user = fail_at_once(LockRules(failures=AT_ONCE, window_minutes=140, hold_minutes=None))
    assert (len(user.failed_at), user.locked_at) == (AT_ONCE, None)


@pytest.mark.parametrize("check", CHECKS)
def test_without_holding_the_row_failures_are_lost(check: Callable[[], None]) -> None:
    """The naive way: read the moments, add one, write them."""

    def naive(rows: QuerySet[User], **_named: object) -> QuerySet[User]:
        return rows

    fails_with(
        "django.db.models.query.QuerySet.select_for_update", naive, check, where="assert user."
    )
