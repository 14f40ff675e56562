"""The first-login page tells nobody whether an account exists, in which state, or from where."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.passwords import imported_hashes
from core.accounts.policies import effective_policy
from core.accounts.services import imported
from core.accounts.services.accounts import deactivate_account
from core.accounts.services.imported import check_first_password
from core.accounts.services.locks import record_failure
from core.accounts.services.throttle import FAILURES_PER_HOUR, count_address_failure
from core.audit.models import AuditEvent
from tenants import registry
from tests.integration.first_login.walking import OLD_PASSWORD, Walk, make_imported
from tests.support.naive import fails_with
from tests.support.people import PASSWORD, START, make_person

pytestmark = pytest.mark.django_db
LOCK_AT_ONCE = LockRules(failures=1, window_minutes=None, hold_minutes=None)
PBKDF2 = "pbkdf2_sha256$1000$c2FsdHNhbHQ$ZSqzvPrCD3lkhW6sVaKe6xMh0ddTRphTHU2Q0vlDczk="


def locked() -> User:
    user = make_imported("locked")
    record_failure(user_id=user.id, rules=LOCK_AT_ONCE, at=START)
    return user


def inactive() -> User:
    user = make_person("inactive")
    deactivate_account(user_id=user.id, reason="left", by=None, at=START)
    return user


def answer(username: str, password: str) -> tuple[int, dict[str, str], str]:
    response = Walk().log_in(username, password)
    body = response.content.decode().replace(f'value="{username}"', "NAME")
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in {"X-Request-ID", "Content-Length"}
    }
    return response.status_code, headers, body


def test_the_same_answer_whatever_is_wrong() -> None:
    make_imported("lena")
    make_imported("nohash", password_hash="")
    make_person("dana")
    cases = [
        ("nobody", OLD_PASSWORD),
        ("lena", "wrong"),
        ("nohash", OLD_PASSWORD),
        ("dana", "wrong"),
        (locked().username, OLD_PASSWORD),
        (inactive().username, PASSWORD),
    ]
    answers = [answer(name, password) for name, password in cases]
    assert all(one == answers[0] for one in answers)
    assert "We could not sign you in" in answers[0][2]
    results = AuditEvent.objects.filter(event_type="sign_in.refused").order_by("at")
    assert [event.result for event in results] == [
        "unknown",
        "wrong_password",
        "wrong_password",
        "wrong_password",
        "locked",
        "inactive",
    ]


def test_the_same_statements_run_for_everybody() -> None:
    make_imported("lena")
    make_imported("nohash", password_hash="")
    make_person("dana")
    registry.get_deployment()
    shapes = []
    for name in ("nobody", "lena", "nohash", "dana"):
        with CaptureQueriesContext(connection) as captured:
            check_first_password(username=name, password="wrong", address="192.0.2.1", at=START)
        shapes.append([query["sql"].split(" ")[0] for query in captured])
    assert all(shape == shapes[0] for shape in shapes)


def test_every_kind_of_hash_is_compared_once_for_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_imported("lena")
    make_imported("petra", password_hash=PBKDF2)
    make_imported("nohash", password_hash="")
    make_person("dana")
    compared: list[str] = []
    read = imported_hashes.read_hash

    class Counted:
        def __init__(self, encoded: str) -> None:
            self.hash = read(encoded)

        def fits(self, password: str) -> bool:
            compared.append(self.hash.family)
            return self.hash.fits(password)

    monkeypatch.setattr(imported, "read_hash", Counted)
    ours: list[object] = []

    def of_ours(*given: object) -> bool:
        ours.append(given)
        return False

    monkeypatch.setattr(imported, "password_matches", of_ours)
    for number, name in enumerate(("nobody", "lena", "petra", "nohash", "dana"), start=1):
        compared.clear()
        check_first_password(username=name, password="wrong", address="192.0.2.1", at=START)
        assert compared == ["bcrypt:4", "pbkdf2-sha256:1000:32"], name
        assert len(ours) == number


def test_known_and_unknown_cost_one_slow_hash_each(monkeypatch: pytest.MonkeyPatch) -> None:
    make_imported("lena")
    hashed: list[str] = []

    def counted(_self: object, password: str) -> bool:
        hashed.append(password)
        return False

    monkeypatch.setattr(imported_hashes._Bcrypt, "fits", counted)

    def hashes_for(name: str) -> int:
        hashed.clear()
        check_first_password(username=name, password="wrong", address="192.0.2.1", at=START)
        return len(hashed)

    assert (hashes_for("lena"), hashes_for("nobody")) == (1, 1)


def test_the_accounts_own_hash_alone_would_be_told_apart_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The naive way: where there is nothing to compare with, nothing is compared."""

    def naive(own: Any, password: str) -> bool:
        return own is not None and imported_hashes.read_hash(own.encoded).fits(password)

    fails_with(
        "core.accounts.services.imported._old_password_matches",
        naive,
        lambda: test_known_and_unknown_cost_one_slow_hash_each(monkeypatch),
        where='assert (hashes_for("lena"), hashes_for("nobody")) == (1, 1)',
    )


def test_failures_here_and_at_the_normal_sign_in_count_together() -> None:
    user = make_person("dana")
    failures = effective_policy(user.id).accounts.lock_failures
    walk = Walk()
    walk.post("/login/email/", email=user.email, password="wrong")
    for _ in range(failures - 2):
        walk.log_in("dana", "wrong")
    assert User.objects.get(pk=user.pk).locked_at is None
    walk.log_in("dana", "wrong")
    assert User.objects.get(pk=user.pk).locked_at is not None
    assert walk.log_in("dana", PASSWORD).status_code == 200


def test_the_throttle_of_the_network_address_holds_here_too() -> None:
    make_imported("lena")
    for _ in range(FAILURES_PER_HOUR):
        count_address_failure("192.0.2.7", at=START)
    right = {"username": "lena", "password": OLD_PASSWORD, "at": START}
    assert check_first_password(**right, address="192.0.2.7").user is None  # type: ignore[arg-type]
    assert check_first_password(**right, address="192.0.2.8").user  # type: ignore[arg-type]


def test_an_account_without_any_password_is_locked_by_nobody() -> None:
    user = make_imported("nohash", password_hash="")
    for _ in range(10):
        Walk().log_in("nohash", "wrong")
    user.refresh_from_db()
    assert (user.failed_at, user.locked_at) == ([], None)
