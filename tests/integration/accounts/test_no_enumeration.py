"""Nobody learns from a failed sign-in whether an account exists or in which state it is."""

import re
from collections import Counter
from datetime import datetime
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.hashers import make_password
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.locking import LockRules
from core.accounts.models import AddressFailures, User
from core.accounts.passwords import hashers
from core.accounts.policies import effective_policy
from core.accounts.services.accounts import deactivate_account
from core.accounts.services.locks import NOBODY, record_failure
from core.accounts.services.sign_in import PasswordCheck, check_password_of, concluded
from core.accounts.services.throttle import (
    count_address_failure,
    hold_turn_unless_throttled,
)
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage, OutboxMessage
from tenants import registry
from tests.support.naive import fails_with
from tests.support.people import PASSWORD, START, after, deliver_all, make_person

pytestmark = pytest.mark.django_db
LOCK_AT_ONCE = LockRules(failures=1, window_minutes=None, hold_minutes=None)


def locked() -> User:
    user = make_person("locked")
    record_failure(user_id=user.id, rules=LOCK_AT_ONCE, at=START)
    return user


def inactive() -> User:
    user = make_person("inactive")
    deactivate_account(user_id=user.id, reason="left", by=None, at=START)
    return user


def answer(email: str, password: str) -> tuple[int, dict[str, str], str]:
    client = Client()
    response = client.post("/login/email/", {"email": email, "password": password})
    body = response.content.decode().replace(email, "ADDRESS")
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in {"X-Request-ID", "Content-Length"}
    }
    return response.status_code, headers, body


def test_the_same_answer_for_unknown_wrong_locked_and_inactive() -> None:
    make_person("dana")
    cases = [
        ("nobody@clinic.example", PASSWORD),
        ("dana@clinic.example", "not the password"),
        (locked().email, PASSWORD),
        (inactive().email, PASSWORD),
    ]
    answers = [answer(email, password) for email, password in cases]
    assert all(one == answers[0] for one in answers)
    assert "We could not sign you in" in answers[0][2]


def test_the_audit_tells_them_apart() -> None:
    make_person("dana")
    for email, password in [
        ("nobody@clinic.example", PASSWORD),
        ("dana@clinic.example", "not the password"),
        (locked().email, PASSWORD),
        (inactive().email, PASSWORD),
    ]:
        answer(email, password)
    found = AuditEvent.objects.filter(event_type="sign_in.refused")
    assert Counter(found.values_list("result", flat=True)) == {
        "unknown": 1,
        "wrong_password": 1,
        "locked": 1,
        "inactive": 1,
    }


def test_the_same_statements_run_for_known_and_unknown() -> None:
    make_person("dana")
    registry.get_deployment()  # the first look of a process reads the configuration
    shapes = []
    for email in ("dana@clinic.example", "nobody@clinic.example"):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            check_password_of(email=email, password="wrong", address="192.0.2.1", at=START)
        shapes.append([query["sql"].split(" ")[0] for query in captured])
    assert shapes[0] == shapes[1]


def test_the_same_statements_run_for_the_failure_that_locks() -> None:
    user = make_person("dana")
    failures = effective_policy(user.id).accounts.lock_failures
    shapes = []
    for _ in range(failures):
        with CaptureQueriesContext(connection) as captured:
            check_password_of(email=user.email, password="wrong", address="192.0.2.1", at=START)
        shapes.append([query["sql"].split(" ")[0] for query in captured])
    user.refresh_from_db()
    assert user.is_locked(START)
    assert all(shape == shapes[0] for shape in shapes)


def test_only_the_owner_of_a_closed_lock_gets_mail() -> None:
    user = make_person("dana")
    now = clock.now()
    for email in [user.email, "nobody@clinic.example"]:
        check_password_of(email=email, password="wrong", address="192.0.2.1", at=now)
    deliver_all()
    assert not LocalMessage.objects.exists()
    for _ in range(effective_policy(user.id).accounts.lock_failures):
        check_password_of(email=user.email, password="wrong", address="192.0.2.1", at=now)
    deliver_all()
    assert [message.to for message in LocalMessage.objects.all()] == [user.email]
    # Nobody's address is written down for a wrong password.
    assert set(OutboxMessage.objects.values_list("to", flat=True)) == {user.email, NOBODY}


def test_one_hash_is_made_in_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    make_person("dana")
    made = Counter[str]()
    monkeypatch.setattr(
        "core.accounts.services.sign_in.make_password",
        lambda text: made.update(["unknown"]) or make_password(text),
    )
    monkeypatch.setattr(User, "check_password", lambda self, text: bool(made.update(["known"])))
    for email in ("dana@clinic.example", "nobody@clinic.example"):
        check_password_of(email=email, password="wrong", address="192.0.2.1", at=START)
    assert made == {"known": 1, "unknown": 1}


def test_known_and_unknown_cost_one_hash_each(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["core.accounts.passwords.hashers.PortalArgon2Hasher"]
    make_person("dana")
    hashed: list[str] = []
    for name in ("encode", "verify"):
        original = getattr(hashers.PortalArgon2Hasher, name)

        def counted(self: object, *args: str, name: str = name, original: Any = original) -> Any:
            hashed.append(name)
            return original(self, *args)

        monkeypatch.setattr(hashers.PortalArgon2Hasher, name, counted)
    for person, expected in (("dana", ["verify"]), ("nobody", ["encode"])):
        hashed.clear()
        check_password_of(
            email=f"{person}@clinic.example", password="wrong", address="192.0.2.1", at=START
        )
        assert hashed == expected


@mock.patch("core.accounts.services.throttle.FAILURES_PER_HOUR", 5)
def test_an_address_with_too_many_failures_is_refused_and_success_does_not_reset_it() -> None:
    user = make_person("dana")
    for _ in range(4):
        count_address_failure("192.0.2.7", at=START)

    def check(minutes: float, address: str = "192.0.2.7") -> User | None:
        return check_password_of(
            email=user.email, password=PASSWORD, address=address, at=after(minutes=minutes)
        ).user

    assert check(1) == user
    count_address_failure("192.0.2.7", at=after(minutes=2))
    assert check(3) is None
    assert check(3, "192.0.2.8") == user
    assert check(61) == user


def test_a_limiter_that_cannot_count_refuses() -> None:
    user = make_person("dana")
    away = mock.Mock(**{"cursor.side_effect": OperationalError("the database is away")})
    with (
        mock.patch("core.accounts.services.throttle.connection", away),
        pytest.raises(OperationalError),
    ):
        check_password_of(email=user.email, password=PASSWORD, address="192.0.2.1", at=START)


def test_a_long_queue_of_hashes_answers_at_once_and_counts_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_person("dana")

    def full(**kwargs: object) -> None:
        raise hashers.HashingBusyError

    monkeypatch.setattr("core.accounts.views.sign_in.check_password_of", full)
    response = client.post("/login/email/", {"email": user.email, "password": PASSWORD})
    assert response.status_code == 503
    page = response.content.decode()
    assert "try again" in page
    assert f'value="{user.email}"' in page
    assert PASSWORD not in page


def test_saying_what_is_wrong_would_tell_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The naive way: the page says what the check has found."""

    def naive(**asked: Any) -> PasswordCheck:
        check = check_password_of(**asked)
        words = f"We could not sign you in: {check.refusal}."
        monkeypatch.setattr("core.accounts.views.sign_in.REFUSED", words)
        return check

    fails_with(
        "core.accounts.views.sign_in.check_password_of",
        naive,
        test_the_same_answer_for_unknown_wrong_locked_and_inactive,
        where="assert all(one == answers[0]",
    )


def test_a_limiter_that_fails_open_would_not_refuse() -> None:
    """The naive way: who cannot be counted is let through."""

    def naive(email: str, *, address: str, at: datetime) -> bool:
        try:
            return hold_turn_unless_throttled(email, address=address, at=at)
        except DatabaseError:
            return True

    fails_with(
        "core.accounts.services.sign_in.hold_turn_unless_throttled",
        naive,
        test_a_limiter_that_cannot_count_refuses,
        where="pytest.raises(OperationalError)",
    )


def test_a_success_that_forgets_the_addresss_failures_would_reset_it() -> None:
    """The naive way: whoever knows one password has as many guesses at the others as they like."""

    def naive(user: User | None, **facts: Any) -> PasswordCheck:
        check = concluded(user, **facts)
        if check.user is not None:
            AddressFailures.objects.all().delete()
        return check

    fails_with(
        "core.accounts.services.sign_in.concluded",
        naive,
        test_an_address_with_too_many_failures_is_refused_and_success_does_not_reset_it,
        where="assert check(3) is None",
    )
