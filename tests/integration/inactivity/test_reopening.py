"""An account that was closed because nobody used it, and its owner comes back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.accounts.services.inactivity import reopen_own_account, watch_inactivity
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.browsers.cookie import cookie_name
from core.mfa.services.browsers import remember_browser
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.integration.resets.walking import begin, choose_password, prove_email, prove_phone
from tests.support.people import (
    PASSWORD,
    PHONE,
    deliver_all,
    last_code,
    make_person,
    make_provider,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


@pytest.fixture
def dormant(contract_b: ActiveContract) -> User:
    """Return Dana, whose account was closed after 60 days."""
    user = make_person()
    make_provider(user, contract_b)
    return close(user)


def close(user: User) -> User:
    User.objects.filter(pk=user.pk).update(last_used_at=clock.now() - timedelta(days=100))
    watch_inactivity(at=clock.now())
    deliver_all()
    closed = User.objects.get(pk=user.pk)
    assert closed.is_dormant
    return closed


def password(client: Client, user: User, typed: str = PASSWORD) -> Any:
    return client.post("/login/phone/", {"email": user.email, "password": typed})


def prove(client: Client) -> Any:
    client.post("/login/verify/", {"action": "send", "channel": "sms"})
    return client.post("/login/verify/", {"action": "verify", "code": last_code(PHONE)})


def test_the_mail_says_how_to_open_it(dormant: User) -> None:
    mail = LocalMessage.objects.get(to=dormant.email)
    assert "closed because nobody used it" in mail.subject
    assert "press Open my account" in mail.text


def test_after_password_and_factor_the_owner_opens_it_and_goes_on(
    client: Client, dormant: User
) -> None:
    assert password(client, dormant).headers["Location"] == "/login/verify/"
    assert prove(client).headers["Location"] == "/login/reactivate/"
    assert session_account(client) is None
    assert client.get("/home/").status_code == 302
    page = client.get("/login/reactivate/").content.decode()
    assert "Nobody used it for 60 days" in page
    assert User.objects.get(pk=dormant.pk).is_dormant
    assert client.post("/login/reactivate/", {"action": "open"}).headers["Location"] == "/home/"
    assert session_account(client) == dormant.id
    assert client.get("/home/").status_code == 200
    opened = User.objects.get(pk=dormant.pk)
    assert opened.is_active
    assert opened.last_used_at is not None
    assert clock.now() - opened.last_used_at < timedelta(minutes=1)
    event = AuditEvent.objects.get(event_type="account.reactivated")
    assert (event.actor_id, event.data) == (dormant.id, {"reason": "opened_by_owner"})
    deliver_all()
    mail = LocalMessage.objects.filter(to=dormant.email).order_by("-sent_at", "-id")[0]
    assert "was opened again" in mail.subject
    watch_inactivity(at=clock.now())
    assert User.objects.get(pk=dormant.pk).is_active


def test_a_stranger_reads_the_same_words_as_ever(client: Client, dormant: User) -> None:
    def said(email: str) -> str:
        answer = client.post("/login/phone/", {"email": email, "password": "a guess"})
        page = answer.content.decode().replace(email, "ADDRESS")
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)

    wrong = said(dormant.email)
    assert "could not sign you in" in wrong
    assert wrong == said("no@one.example")


def test_one_that_somebody_closed_reads_the_same_words_and_stays_closed(client: Client) -> None:
    user = make_person()
    deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())
    assert "could not sign you in" in password(client, user).content.decode()
    closed = User.objects.get(pk=user.pk)
    assert (
        reopen_own_account(user_id=user.id, security_epoch=closed.security_epoch, at=clock.now())
        is None
    )
    assert not User.objects.get(pk=user.pk).is_active


def test_nobody_comes_to_the_page_without_the_proofs(client: Client, dormant: User) -> None:
    assert client.get("/login/reactivate/").headers["Location"] == "/"
    password(client, dormant)
    assert client.get("/login/reactivate/").headers["Location"] == "/login/verify/"
    client.post("/login/reactivate/", {"action": "open"})
    assert User.objects.get(pk=dormant.pk).is_dormant


def test_cancel_leaves_it_closed(client: Client, dormant: User) -> None:
    password(client, dormant)
    prove(client)
    assert client.post("/login/reactivate/", {"action": "cancel"}).headers["Location"] == "/"
    assert client.get("/login/reactivate/").headers["Location"] == "/"
    assert User.objects.get(pk=dormant.pk).is_dormant


def test_closed_by_somebody_meanwhile_stays_closed(client: Client, dormant: User) -> None:
    password(client, dormant)
    prove(client)
    User.objects.filter(pk=dormant.pk).update(deactivation="decision")
    client.post("/login/reactivate/", {"action": "open"})
    assert not User.objects.get(pk=dormant.pk).is_active
    assert session_account(client) is None


def test_pressed_twice_opens_once(client: Client, dormant: User) -> None:
    password(client, dormant)
    prove(client)
    client.post("/login/reactivate/", {"action": "open"})
    assert client.post("/login/reactivate/", {"action": "open"}).headers["Location"] == "/home/"
    assert AuditEvent.objects.filter(event_type="account.reactivated").count() == 1


def test_a_remembered_browser_opens_nothing(client: Client, contract_b: ActiveContract) -> None:
    user = make_person()
    make_provider(user, contract_b)
    memory = remember_browser(
        user=user, option="email", host="testserver", replaces="", at=clock.now()
    )
    close(user)
    assert memory is not None
    client.cookies[cookie_name()] = memory.token
    client.post("/", {"option": "email", "remember": "on"})
    assert session_account(client) is None


def test_sessions_of_the_account_end(client: Client) -> None:
    user = make_person()
    sign_in_directly(client, user)
    close(user)
    assert client.get("/home/").status_code == 302


def test_forgot_password_opens_it_too(client: Client, dormant: User) -> None:
    begin(client, dormant.email)
    prove_email(client, dormant.email)
    prove_phone(client)
    assert choose_password(client).headers["Location"] == "/home/"
    assert session_account(client) == dormant.id
    assert User.objects.get(pk=dormant.pk).is_active
    event = AuditEvent.objects.get(event_type="account.reactivated")
    assert event.data == {"reason": "reset_by_owner"}


def test_with_nothing_but_the_address_forgot_password_asks_for_the_present_one(
    client: Client,
) -> None:
    user = close(make_person(phone=None))
    begin(client, user.email)
    prove_email(client, user.email)
    asked = client.get("/forgot-password/present/").content.decode()
    assert "Your account is not active" in asked
    client.post("/forgot-password/present/", {"password": PASSWORD})
    assert choose_password(client).headers["Location"] == "/home/"
    assert User.objects.get(pk=user.pk).is_active


def test_one_that_somebody_closed_is_not_opened_by_forgot_password(client: Client) -> None:
    user = make_person()
    deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())
    begin(client, user.email)
    deliver_all()
    mail = LocalMessage.objects.get(to=user.email)
    assert mail.code == ""
    assert "not active any more" in mail.text
