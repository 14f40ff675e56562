"""The lock counts failures per account, holds, and tells the owner."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.locks import record_failure, unlock_account
from core.audit.models import AuditEvent
from core.common.clock import now
from core.common.context import bind_context
from core.common.ids import uuid7
from core.notifications.models import LocalMessage, OutboxMessage
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.mfa.helpers import other_code
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    START,
    after,
    deliver_all,
    last_code,
    make_person,
    make_provider,
)

RULES = LockRules(failures=3, window_minutes=None, hold_minutes=None)
pytestmark = pytest.mark.django_db


def test_third_failure_locks_and_mails_the_owner_once() -> None:
    user = make_person()
    for second in range(5):
        record_failure(user_id=user.id, rules=RULES, at=after(seconds=second))
    user.refresh_from_db()
    assert len(user.failed_at) == 3
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
    assert user.failed_at == []
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
    assert not User.objects.exclude(failed_at=[]).exists()


@pytest.mark.parametrize(
    ("works_in", "tried_at", "speaks"),
    [
        (["b"], "a", "b"),  # the address was typed on a page of a program that is not the owner's
        (["a", "b"], "a", "a"),
        (["a", "b"], None, None),
        ([], "a", None),
    ],
)
def test_the_mail_about_a_lock_comes_from_a_program_of_the_owner_or_the_portal(
    works_in: list[str],
    tried_at: str | None,
    speaks: str | None,
    contract_a: ActiveContract,
    contract_b: ActiveContract,
) -> None:
    contracts = {"a": contract_a, "b": contract_b}
    user = make_person()
    for number, name in enumerate(works_in):
        make_provider(user, contracts[name], identifier=f"NUMBER-{number}")
    with bind_context(contract_id=contracts[tried_at].id if tried_at else None):
        record_failure(user_id=user.id, rules=RULES, at=START, final=True)
    message = OutboxMessage.objects.get(kind="account_locked")
    assert message.contract_id == (contracts[speaks].id if speaks else None)
    deliver_all()
    document = contracts[speaks].document if speaks else registry.get_deployment()
    mail = LocalMessage.objects.get(to=user.email)
    assert document.brand.sender_name in mail.sender
    assert document.support[0].purpose in mail.text
    assert "Provider Group Admin" not in mail.text


def test_the_mail_about_a_lock_tells_the_time_in_the_zone_of_its_sender(
    contract_a: ActiveContract,
) -> None:
    user = make_person()
    make_provider(user, contract_a)
    at = now()
    rules = LockRules(failures=1, window_minutes=120, hold_minutes=60)
    record_failure(user_id=user.id, rules=rules, at=at)
    deliver_all()
    zone = ZoneInfo(contract_a.document.contract.time_zone)
    opens = (at + timedelta(minutes=60)).astimezone(zone)
    assert f"{opens:%I:%M %p %Z}".lstrip("0") in LocalMessage.objects.get(to=user.email).text


def wrong_passwords_and_codes_on_two_hosts_lock(contract: ActiveContract) -> None:
    """Two wrong passwords, on one host each, and a wrong code: three failures of one account."""
    user = make_person()
    make_provider(user, contract)
    for host in ("testserver", "localhost"):
        typed = {"email": user.email, "password": "wrong"}
        Client(headers={"host": host}).post("/login/email/", typed)
    assert not User.objects.get(pk=user.pk).is_locked(now())
    client = Client()
    client.post("/login/email/", {"email": user.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send"})
    wrong = other_code(last_code(user.email))
    client.post("/login/verify/", {"action": "verify", "code": wrong})
    assert User.objects.get(pk=user.pk).is_locked(now())


def test_wrong_passwords_and_codes_on_two_hosts_lock(contract_a: ActiveContract) -> None:
    wrong_passwords_and_codes_on_two_hosts_lock(contract_a)


@pytest.mark.parametrize(
    "counted_in", ["core.mfa.services.challenges.answering", "core.accounts.services.sign_in"]
)
def test_a_counter_of_its_own_would_not_lock(contract_a: ActiveContract, counted_in: str) -> None:
    """The naive way: codes are counted apart from passwords, or passwords in each session."""
    fails_with(
        f"{counted_in}.record_failure",
        lambda **_failure: None,
        lambda: wrong_passwords_and_codes_on_two_hosts_lock(contract_a),
        where="assert User.objects.get(pk=user.pk).is_locked(now())",
    )
