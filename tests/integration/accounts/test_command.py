"""`manage.py accounts unlock`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.accounts.locking import LockRules
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from tests.support.people import make_person

pytestmark = pytest.mark.django_db


def test_unlocks_by_address_and_keeps_the_reason() -> None:
    user = make_person()
    rules = LockRules(failures=1, window_minutes=None, hold_minutes=None)
    record_failure(user_id=user.id, rules=rules, at=clock.now())
    out = StringIO()
    call_command("accounts", "unlock", "DANA@clinic.example", "--reason", "called", stdout=out)
    user.refresh_from_db()
    assert not user.is_locked(clock.now())
    assert "is open again" in out.getvalue()
    assert AuditEvent.objects.get(event_type="account.unlocked").data["reason"] == "called"


def test_refuses_an_unknown_address_and_an_empty_reason() -> None:
    make_person()
    with pytest.raises(CommandError, match="No account"):
        call_command("accounts", "unlock", "nobody@clinic.example", "--reason", "x")
    with pytest.raises(CommandError, match="reason"):
        call_command("accounts", "unlock", "dana@clinic.example", "--reason", " ")
