"""The lock counts failures per account, holds, and tells the owner."""

from datetime import timedelta

import pytest

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.locks import record_failure, unlock_account
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.notifications.models import OutboxMessage
from tests.support.people import START, after, make_person

RULES = LockRules(failures=3, window_minutes=None, hold_minutes=None)
pytestmark = pytest.mark.django_db


def test_third_failure_locks_and_mails_the_owner_once() -> None:
    user = make_person()
    for second in range(5):
        record_failure(user_id=user.id, rules=RULES, at=after(seconds=second))
    user.refresh_from_db()
    assert user.failed_attempts == 3
    assert user.locked_at == after(seconds=2)
    assert user.is_locked(after(days=900))
    assert OutboxMessage.objects.filter(kind="account_locked", to=user.email).count() == 1
    assert AuditEvent.objects.filter(event_type="account.locked").count() == 1


def test_unlock_forgets_failures_and_keeps_the_reason() -> None:
    user = make_person()
    record_failure(user_id=user.id, rules=RULES, at=START, final=True)
    assert unlock_account(user_id=user.id, reason="called us", by=None, at=after(hours=1))
    user.refresh_from_db()
    assert not user.is_locked(after(hours=1))
    assert user.failed_attempts == 0
    event = AuditEvent.objects.get(event_type="account.unlocked")
    assert event.data == {"reason": "called us"}


def test_timed_lock_ends_on_the_second() -> None:
    user = make_person()
    rules = LockRules(failures=1, window_minutes=120, hold_minutes=60)
    record_failure(user_id=user.id, rules=rules, at=START)
    user.refresh_from_db()
    assert user.is_locked(START + timedelta(minutes=60) - timedelta(seconds=1))
    assert not user.is_locked(START + timedelta(minutes=60))


def test_unknown_account_counts_nowhere() -> None:
    assert record_failure(user_id=uuid7(), rules=RULES, at=START) is None
    assert not User.objects.filter(failed_attempts__gt=0).exists()
