"""Login with Phone and Login with Email, from Login options to home and out again."""

import logging
import re
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import argon2
import pytest
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest
from django.test import Client

from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.locks import unlock_account
from core.accounts.services.sign_in import check_password_of
from core.accounts.signing_in.allauth_wrapper import SignInAttempt, begin_sign_in
from core.audit.models import AuditEvent
from core.common import clock
from core.common.crypto import new_numeric_code
from core.mfa.codes import Owner, OwnerKind, Purpose
from core.mfa.models import Challenge
from core.mfa.policies import sign_in_rules
from core.mfa.services.challenges import start_challenge
from core.notifications.models import LocalMessage, OutboxMessage
from tenants.context import ActiveContract
from tests.integration.mfa.helpers import other_code
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    PHONE,
    deliver_all,
    last_code,
    make_person,
    make_provider,
    session_account,
    sign_in_by_email,
)

pytestmark = pytest.mark.django_db
VERIFY = "/login/verify/"


@pytest.fixture
def dana(contract_a: ActiveContract) -> User:
    user = make_person()
    make_provider(user, contract_a)
    return user


def give_password(client: Client, user: User, option: str, password: str = PASSWORD) -> Any:
    return client.post(f"/login/{option}/", {"email": user.email, "password": password})


def test_login_options_show_what_the_documents_show(client: Client) -> None:
    page = client.get("/").content.decode()
    for label in ("Login with Phone", "Login with Email", "register here", "click here"):
        assert label in page


def test_phone_login_by_text(client: Client, dana: User) -> None:
    response = give_password(client, dana, "phone")
    assert response.headers["Location"] == VERIFY
    page = client.get(VERIFY).content.decode()
    assert "XXX-XXX-0142" in page
    assert PHONE not in page
    assert "Send Code" in page
    assert "Call Me" in page
    assert not OutboxMessage.objects.exists()  # nothing is sent before the person asks
    client.post(VERIFY, {"action": "send", "channel": "sms"})
    response = client.post(VERIFY, {"action": "verify", "code": last_code(PHONE)})
    assert response.headers["Location"] == "/home/"
    assert session_account(client) == dana.id
    home = client.get("/home/").content.decode()
    assert "Dana Reed" in home
    assert "Provider Group Admin" in home
    assert "Elm Clinic" in home


def test_phone_login_by_call(client: Client, dana: User) -> None:
    give_password(client, dana, "phone")
    client.post(VERIFY, {"action": "send", "channel": "voice"})
    deliver_all()
    page = client.get(VERIFY).content.decode()
    assert "XXX-XXX-0142" in page
    response = client.post(VERIFY, {"action": "continue"})
    assert "Not confirmed yet" in response.content.decode()
    challenge = Challenge.objects.get(channel="voice")
    from core.mfa.services.challenges import answer_call

    keys = "#"
    if challenge.voice_confirmation == "digits_on_screen":
        assert challenge.key_version is not None
        from core.mfa.codes import screen_digits

        keys = screen_digits(
            challenge_id=challenge.id, binding=challenge.binding, version=challenge.key_version
        )
    assert answer_call(challenge_id=challenge.id, digits=keys, at=clock.now())
    fragment = client.get("/login/verify/call/").content.decode()
    assert "Your phone confirmed it" in fragment
    response = client.post(VERIFY, {"action": "continue"}, headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == "/home/"
    assert session_account(client) == dana.id


def test_email_login_with_the_words_of_the_guide(client: Client, dana: User) -> None:
    give_password(client, dana, "email")
    page = client.get(VERIFY).content.decode()
    assert "Send verification code" in page
    assert f'value="{dana.email}"' in page
    client.post(VERIFY, {"action": "send"})
    code = last_code(dana.email)
    page = client.get(VERIFY).content.decode()
    assert "data-countdown" in page
    assert "Send new code" in page
    answer = client.post(VERIFY, {"action": "verify", "code": code})
    reloaded = client.post(VERIFY, {"action": "verify", "code": code})
    assert reloaded.headers["Location"] == VERIFY
    for page in (answer.content.decode(), client.get(VERIFY).content.decode()):
        assert "E-mail address verified. You can now continue." in page
    assert session_account(client) is None
    response = client.post(VERIFY, {"action": "continue"})
    assert response.headers["Location"] == "/home/"
    event = AuditEvent.objects.get(event_type="sign_in.completed")
    assert event.data == {"methods": ["password", "email"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"locked_at": clock.now},
        {"is_active": False, "deactivated_at": clock.now, "deactivation": "decision"},
    ],
)
def test_an_account_that_was_closed_on_the_way_is_not_signed_in(
    client: Client, dana: User, changes: dict[str, Any]
) -> None:
    give_password(client, dana, "email")
    client.post(VERIFY, {"action": "send"})
    client.post(VERIFY, {"action": "verify", "code": last_code(dana.email)})
    values = {name: value() if callable(value) else value for name, value in changes.items()}
    User.objects.filter(pk=dana.id).update(**values)
    client.post(VERIFY, {"action": "continue"})
    assert session_account(client) is None
    dana.refresh_from_db()
    assert {name: getattr(dana, name) for name in values} == values
    assert not AuditEvent.objects.filter(event_type="sign_in.completed").exists()


def test_continue_without_a_verified_code_goes_nowhere(client: Client, dana: User) -> None:
    give_password(client, dana, "email")
    client.post(VERIFY, {"action": "continue"})
    client.get("/home/")
    assert session_account(client) is None


def test_an_account_without_a_phone_is_told_what_to_do(client: Client) -> None:
    user = make_person("lee", phone=None)
    give_password(client, user, "phone")
    page = client.get(VERIFY).content.decode()
    assert "No phone on record" in page
    assert "Login with Email" in page


def test_the_present_step_cannot_be_skipped(client: Client, dana: User) -> None:
    assert client.get(VERIFY).headers["Location"] == "/"
    assert client.get("/home/").headers["Location"].startswith("/?next=")
    give_password(client, dana, "phone")
    assert client.get("/home/").headers["Location"] == VERIFY


def test_sign_out_is_a_post_and_ends_the_session(client: Client, dana: User) -> None:
    sign_in_by_email(client, dana)
    assert session_account(client) == dana.id
    assert client.get("/logout/").headers["Location"] == "/"
    assert session_account(client) == dana.id
    assert client.post("/logout/").headers["Location"] == "/"
    assert "You are signed out." in client.get("/").content.decode()
    assert "You are signed out." not in client.get("/").content.decode()
    assert session_account(client) is None
    assert client.get("/home/").status_code == 302


def test_the_session_gets_a_new_identifier_at_each_rise(client: Client, dana: User) -> None:
    client.get("/", {"next": "/home/"})
    keys = [client.session.session_key]
    give_password(client, dana, "email")
    keys.append(client.session.session_key)
    client.post(VERIFY, {"action": "send"})
    client.post(VERIFY, {"action": "verify", "code": last_code(dana.email)})
    client.post(VERIFY, {"action": "continue"})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3


def test_one_comes_back_to_the_page_one_wanted_and_to_no_other_host(
    client: Client, dana: User
) -> None:
    client.get("/", {"next": "/providers/add/"})
    sign_in_by_email(client, dana)
    assert client.get("/").headers["Location"] == "/home/"
    for evil in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"):
        other = Client()
        other.get("/", {"next": evil})
        assert "portal_next" not in other.session


def test_wrong_codes_lock_and_the_page_says_so(client: Client, dana: User) -> None:
    give_password(client, dana, "email")
    client.post(VERIFY, {"action": "send"})
    wrong = other_code(last_code(dana.email))
    page = client.post(VERIFY, {"action": "verify", "code": wrong}).content.decode()
    assert "This code is not right" in page
    client.post(VERIFY, {"action": "verify", "code": wrong})
    page = client.post(VERIFY, {"action": "verify", "code": wrong}).content.decode()
    assert "Your account is locked" in page
    deliver_all()
    assert LocalMessage.objects.filter(to=dana.email, subject__contains="locked").count() == 1
    refused = give_password(client, dana, "email")
    assert refused.status_code == 200
    unlock_account(user_id=dana.id, reason="test", by=None, at=clock.now())
    Challenge.objects.update(requested_at=clock.now() - timedelta(hours=2))
    sign_in_by_email(client, dana)
    assert session_account(client) == dana.id


def test_a_sign_in_begun_in_one_contract_starts_again_in_another(
    client: Client, dana: User, contract_a: ActiveContract
) -> None:
    prefix = f"/{contract_a.slug}"
    response = client.post(f"{prefix}/login/email/", {"email": dana.email, "password": PASSWORD})
    assert response.headers["Location"] == f"{prefix}{VERIFY}"
    assert client.get(VERIFY).headers["Location"] == "/"
    assert client.get(f"{prefix}{VERIFY}").status_code == 200


def test_a_second_code_within_thirty_seconds_is_refused_with_the_time(
    client: Client, dana: User
) -> None:
    give_password(client, dana, "phone")
    client.post(VERIFY, {"action": "send", "channel": "sms"})
    page = client.post(VERIFY, {"action": "send", "channel": "voice"}).content.decode()
    assert "No new code yet" in page
    assert "You can send the next one at" in page


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "१२३४५६", "\x00\x01", "9" * 10_000]
)
def test_odd_codes_get_a_message(client: Client, dana: User, code: str) -> None:
    give_password(client, dana, "email")
    client.post(VERIFY, {"action": "send"})
    deliver_all()
    response = client.post(VERIFY, {"action": "verify", "code": code})
    assert response.status_code == 200
    assert "Error:" in response.content.decode()


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("", ""),
        ("not an address", "x"),
        ("x" * 10_000 + "@clinic.example", "y"),
        ("dana\x00@clinic.example", "x"),
        ("дана@клиника.example", "x"),
        ("dana@clinic.example", "z" * 10_000),
        ("dana@clinic.example", "a\x07b"),
    ],
)
def test_odd_credentials_get_a_message(
    client: Client, dana: User, email: str, password: str
) -> None:
    response = client.post("/login/email/", {"email": email, "password": password})
    assert response.status_code == 200
    assert "Error:" in response.content.decode()
    assert session_account(client) is None


def test_an_older_hash_is_upgraded_by_the_right_password_alone(
    client: Client, dana: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["core.accounts.passwords.hashers.PortalArgon2Hasher"]
    older = argon2.PasswordHasher(time_cost=2, memory_cost=1024, parallelism=1)
    User.objects.filter(pk=dana.pk).update(password="argon2" + older.hash(PASSWORD))
    check_password_of(email=dana.email, password="wrong", address="192.0.2.1", at=clock.now())
    dana.refresh_from_db()
    assert "m=1024,t=2" in dana.password
    sign_in_by_email(client, dana)
    dana.refresh_from_db()
    assert "$m=47104,t=1,p=1$" in dana.password
    assert client.get("/home/").status_code == 200


def test_a_comparison_alone_would_upgrade_nothing(
    client: Client, dana: User, settings: Any
) -> None:
    """The naive way: a right password is right, whatever its hash has cost."""

    def naive(user: User | None, password: str) -> bool:
        return user is not None and check_password(password, user.password)

    fails_with(
        "core.accounts.services.sign_in.password_matches",
        naive,
        lambda: test_an_older_hash_is_upgraded_by_the_right_password_alone(client, dana, settings),
        where='assert "$m=47104,t=1,p=1$" in dana.password',
    )


def test_a_session_that_is_signed_in_as_it_is_would_keep_its_identifier(
    client: Client, dana: User
) -> None:
    """The naive way: the account is written into the session that was there."""
    fails_with(
        "core.accounts.sessions.store.SessionStore.cycle_key",
        lambda _session: None,
        lambda: test_the_session_gets_a_new_identifier_at_each_rise(client, dana),
        where="assert len(set(keys)) == 3",
    )


def a_code_stands_in_no_log_and_no_session(
    client: Client, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    """From its making, over a wrong one and an error on the page, to the end."""
    client.raise_request_exception = False
    with caplog.at_level(logging.DEBUG):
        give_password(client, user, "email")
        client.post(VERIFY, {"action": "send"})
        code = last_code(user.email)
        for typed in (other_code(code), code):
            with mock.patch("core.mfa.views.provers.verify_challenge", side_effect=RuntimeError):
                assert client.post(VERIFY, {"action": "verify", "code": typed}).status_code == 500
            client.post(VERIFY, {"action": "verify", "code": typed})
            assert typed not in str(dict(client.session.items()))
    assert session_account(client) is None
    assert "RuntimeError" in caplog.text
    for typed in (other_code(code), code):
        assert not re.search(rf"\b{typed}\b", caplog.text)


def test_a_code_stands_in_no_log_and_no_session(
    client: Client, dana: User, caplog: pytest.LogCaptureFixture
) -> None:
    a_code_stands_in_no_log_and_no_session(client, dana, caplog)


def test_a_line_for_each_code_would_stand_in_the_log(
    client: Client, dana: User, caplog: pytest.LogCaptureFixture
) -> None:
    """The naive way: what helps whoever cannot find the mail, while the page is being built."""

    def naive(digits: int) -> str:
        code = new_numeric_code(digits)
        logging.getLogger("core.mfa").debug("the code is %s", code)
        return code

    fails_with(
        "core.mfa.messages.new_numeric_code",
        naive,
        lambda: a_code_stands_in_no_log_and_no_session(client, dana, caplog),
        where="assert not re.search(",
    )


def test_a_code_with_the_password_would_be_sent_before_anybody_asks(
    client: Client, dana: User
) -> None:
    """The naive way: who has given the password needs a code, so it is on its way."""

    def naive(request: HttpRequest, user: User, *, attempt: SignInAttempt, **to: Any) -> Any:
        start_challenge(
            owner=Owner(OwnerKind.ACCOUNT, user.id),
            purpose=Purpose.SIGN_IN,
            channel="sms",
            destination=PHONE,
            contract_id=None,
            binding=UUID(attempt.binding),
            rules=sign_in_rules(effective_policy(user.id), "sms"),
            at=clock.now(),
        )
        return begin_sign_in(request, user, attempt=attempt, **to)

    fails_with(
        "core.accounts.views.sign_in.begin_sign_in",
        naive,
        lambda: test_phone_login_by_text(client, dana),
        where="assert not OutboxMessage.objects.exists()",
    )
