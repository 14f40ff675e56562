"""A button pressed twice: the second answer is shown, and it leads on like the first."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import end_sessions
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import PasswordReset
from core.mfa.views import provers, reset
from tests.integration.resets.walking import (
    NEW_PASSWORD,
    begin,
    choose_password,
    prove_email,
    to_new_password,
)
from tests.support.people import PASSWORD, PHONE, last_code, make_person, session_account

pytestmark = pytest.mark.django_db
LAST = {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD}


def answer_first_within(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, client: Client, press: Any
) -> None:
    """Answer the first press while the second is at a function: its session is loaded already."""
    real: Callable[..., Any] = getattr(module, name)
    first = Client()
    first.cookies = client.cookies.__class__(client.cookies.output(header="", sep=";"))

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(module, name, real)
        assert press(first).status_code == 302
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, meanwhile)


@pytest.mark.parametrize("name", ["find_own_reset", "finish_reset"])
def test_the_last_button_signs_in_once_and_sets_one_password(
    client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    user = make_person()
    to_new_password(client, user)

    def press(browser: Client) -> Any:
        return browser.post("/forgot-password/new/", LAST)

    answer_first_within(monkeypatch, reset, name, client, press)
    assert press(client).headers["Location"] == "/home/"
    assert session_account(client) == user.id
    assert client.get("/home/").status_code == 200
    assert AuditEvent.objects.filter(event_type="account.password_changed").count() == 1


@pytest.mark.parametrize(("ago", "is_signed_in"), [(29, True), (30, False)])
def test_a_lost_answer_signs_in_for_half_a_minute_only(
    client: Client, monkeypatch: pytest.MonkeyPatch, ago: int, *, is_signed_in: bool
) -> None:
    user = make_person()
    to_new_password(client, user)
    with monkeypatch.context() as patched:
        patched.setattr(reset, "sign_in_proven", lambda *_, **__: HttpResponse())
        patched.setattr(reset, "leave_reset", lambda _request: None)
        choose_password(client)
    assert session_account(client) is None
    PasswordReset.objects.update(completed_at=clock.now() - timedelta(seconds=ago))
    client.get("/forgot-password/new/")
    assert (session_account(client) == user.id) is is_signed_in


def test_a_lost_answer_signs_nobody_in_after_the_account_changed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_person()
    to_new_password(client, user)
    with monkeypatch.context() as patched:
        patched.setattr(reset, "sign_in_proven", lambda *_, **__: HttpResponse())
        patched.setattr(reset, "leave_reset", lambda _request: None)
        choose_password(client)
    end_sessions(user_id=user.id, reason="changed", by=None, at=clock.now())
    assert client.get("/forgot-password/new/").status_code == 410
    assert session_account(client) is None


def test_the_code_of_the_mail(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    begin(client, user.email)
    code = {"action": "verify", "code": last_code(user.email)}

    def press(browser: Client) -> Any:
        return browser.post("/forgot-password/code/", code)

    answer_first_within(monkeypatch, reset, "verify_reset_code", client, press)
    assert press(client).headers["Location"] == "/forgot-password/code/"


def test_the_code_of_the_phone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    begin(client, user.email)
    prove_email(client, user.email)
    client.post("/forgot-password/verify/", {"action": "send", "channel": "sms"})
    code = {"action": "verify", "code": last_code(PHONE)}

    def press(browser: Client) -> Any:
        return browser.post("/forgot-password/verify/", code)

    answer_first_within(monkeypatch, provers, "verify_challenge", client, press)
    assert press(client).headers["Location"] == "/forgot-password/verify/"
    assert User.objects.get(pk=user.pk).failed_at == []


def test_the_code_of_a_sign_in_leads_home(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    client.post("/login/phone/", {"email": user.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send", "channel": "sms"})
    code = {"action": "verify", "code": last_code(PHONE)}
    first = Client()

    def press(browser: Client) -> Any:
        nonlocal first
        first = browser
        return browser.post("/login/verify/", code)

    answer_first_within(monkeypatch, provers, "verify_challenge", client, press)
    pressed = client.post("/login/verify/", code)
    assert pressed.headers["Location"] == "/login/verify/"
    # The browser has the session of the first answer by now.
    assert first.get("/login/verify/").headers["Location"] == "/home/"
