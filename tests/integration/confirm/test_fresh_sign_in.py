"""Pages that change something important ask for password and factor proven just now."""

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.http import HttpRequest
from django.test import Client

from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import last_proven
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.browsers.cookie import cookie_name
from core.mfa.services.browsers import remember_browser
from tenants.context import ActiveContract
from tests.support.naive import fails_with
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
RECORDS = "account_authentication_methods"


@pytest.fixture(autouse=True)
def _guarded_page(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.integration.confirm.guarded_urls"


@pytest.fixture
def user(client: Client, contract_a: ActiveContract) -> User:
    """Return somebody who signed in by e-mail and has a phone, in a contract that takes both."""
    person = make_person()
    make_provider(person, contract_a)
    sign_in_directly(client, person)
    return person


def let_pass(client: Client, seconds: float) -> None:
    """Move what the session has proven into the past."""
    session = client.session
    session[RECORDS] = [{**entry, "at": entry["at"] - seconds} for entry in session[RECORDS]]
    session.save()


def confirm(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/confirm/?next=/guarded/", {"password": password})


def prove_phone(client: Client) -> Any:
    client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    return client.post("/confirm/verify/", {"action": "verify", "code": last_code(PHONE)})


def test_who_has_just_signed_in_is_not_asked(client: Client, user: User) -> None:
    assert client.get("/guarded/").content == b"changed by dana"


@pytest.mark.parametrize(("seconds", "asked"), [(295, False), (300, True)])
def test_after_five_minutes_it_asks(
    client: Client, user: User, seconds: int, *, asked: bool
) -> None:
    let_pass(client, seconds)
    assert (client.get("/guarded/").status_code == 302) is asked


def test_password_then_factor_then_back(client: Client, user: User) -> None:
    let_pass(client, 600)
    assert client.get("/guarded/").headers["Location"] == "/confirm/?next=%2Fguarded%2F"
    before = client.session.session_key
    assert confirm(client).headers["Location"] == "/confirm/verify/"
    assert client.session.session_key != before
    assert "XXX-XXX-0142" in client.get("/confirm/verify/").content.decode()
    assert prove_phone(client).headers["Location"] == "/guarded/"
    assert client.get("/guarded/").status_code == 200
    event = AuditEvent.objects.get(event_type="session.confirmed")
    assert event.actor_id == user.id
    assert event.data == {"methods": ["password", "sms"]}


def test_the_password_alone_is_not_enough(client: Client, user: User) -> None:
    let_pass(client, 600)
    confirm(client)
    assert client.get("/guarded/").status_code == 302


def test_by_the_address_where_the_phone_is_lost(client: Client, user: User) -> None:
    let_pass(client, 600)
    confirm(client)
    client.post("/confirm/verify/", {"action": "option", "option": "email"})
    client.post("/confirm/verify/", {"action": "send"})
    code = last_code(user.email)
    client.post("/confirm/verify/", {"action": "verify", "code": code})
    assert client.get("/guarded/").status_code == 302
    answer = client.post("/confirm/verify/", {"action": "continue"})
    assert answer.headers["Location"] == "/guarded/"


def test_a_right_code_is_proven_now_or_not_at_all(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pass(client, 600)
    confirm(client)
    client.post("/confirm/verify/", {"action": "option", "option": "email"})
    client.post("/confirm/verify/", {"action": "send"})
    code = last_code(user.email)
    client.post("/confirm/verify/", {"action": "verify", "code": code})
    later = clock.now() + timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    client.post("/confirm/verify/", {"action": "continue"})
    assert client.get("/guarded/").status_code == 302
    assert not AuditEvent.objects.filter(event_type="session.confirmed").exists()


def test_the_factor_without_the_password_first_leads_to_the_password(
    client: Client, user: User
) -> None:
    let_pass(client, 600)
    assert client.get("/confirm/verify/").headers["Location"] == "/confirm/"
    answer = client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    assert answer.headers["Location"] == "/confirm/"


def test_a_slow_factor_needs_the_password_again(client: Client, user: User) -> None:
    let_pass(client, 600)
    confirm(client)
    let_pass(client, 301)
    prove_phone(client)
    assert client.get("/guarded/").status_code == 302


def test_a_remembered_browser_has_proven_nothing(
    client: Client, contract_b: ActiveContract
) -> None:
    person = make_person()
    make_provider(person, contract_b)
    memory = remember_browser(
        user=person, option="email", host="testserver", replaces="", at=clock.now()
    )
    assert memory is not None
    client.cookies[cookie_name()] = memory.token
    client.post("/", {"option": "email", "remember": "on"})
    assert session_account(client) == person.id
    assert client.get("/home/").status_code == 200
    assert client.get("/guarded/").headers["Location"].startswith("/confirm/")


def test_what_was_posted_is_not_sent_again_and_the_page_says_so(client: Client, user: User) -> None:
    let_pass(client, 600)
    posted = client.post("/guarded/?tab=2", {"phone": "3045550199"})
    assert posted.headers["Location"] == "/confirm/?next=%2Fguarded%2F&lost=1"
    assert "was not sent" in client.get(posted.headers["Location"]).content.decode()


def test_a_wrong_password_counts_and_the_last_one_ends_the_session(
    client: Client, user: User
) -> None:
    let_pass(client, 600)
    for _ in range(2):
        assert "not your password" in confirm(client, "not it").content.decode()
    locked = confirm(client, "not it").content.decode()
    assert "Your account is locked" in locked
    assert User.objects.get(pk=user.pk).is_locked(clock.now())
    assert session_account(client) is None
    ended = AuditEvent.objects.filter(event_type="session.ended").order_by("-at")[0]
    assert ended.data == {"reason": "locked"}


def test_wrong_codes_end_the_session_too(client: Client, user: User) -> None:
    let_pass(client, 600)
    confirm(client)
    client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    deliver_all()
    wrong = f"{(int(last_code(PHONE)) + 1) % 1_000_000:06d}"
    for _ in range(3):
        answer = client.post("/confirm/verify/", {"action": "verify", "code": wrong})
    assert "Your account is locked" in answer.content.decode()
    assert session_account(client) is None


def test_it_leads_only_to_our_own_pages(client: Client, user: User) -> None:
    let_pass(client, 600)
    client.post("/confirm/?next=https://evil.example/", {"password": PASSWORD})
    assert prove_phone(client).headers["Location"] == "/home/"


def test_cancel_changes_nothing(client: Client, user: User) -> None:
    let_pass(client, 600)
    confirm(client)
    assert client.post("/confirm/verify/", {"action": "cancel"}).headers["Location"] == "/home/"
    assert client.get("/confirm/verify/").headers["Location"] == "/confirm/"
    assert client.get("/home/").status_code == 200


def test_a_code_of_another_session_is_worthless(client: Client, user: User) -> None:
    other = Client()
    sign_in_directly(other, user)
    for browser in (client, other):
        let_pass(browser, 600)
        confirm(browser)
    client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    code = last_code(PHONE)
    other.post("/confirm/verify/", {"action": "verify", "code": code})
    assert other.get("/guarded/").status_code == 302


def test_a_second_click_leads_home(client: Client, user: User) -> None:
    let_pass(client, 600)
    confirm(client)
    prove_phone(client)
    assert client.get("/confirm/verify/").headers["Location"] == "/home/"
    assert client.get("/confirm/?next=/guarded/").headers["Location"] == "/guarded/"


def test_who_goes_back_to_the_password_is_led_to_the_factor_that_waits(
    client: Client, user: User
) -> None:
    let_pass(client, 600)
    confirm(client)
    client.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    for answer in (client.get("/confirm/"), client.post("/confirm/", {"password": "wrong"})):
        assert answer.headers["Location"] == "/confirm/verify/"
    assert User.objects.get(pk=user.pk).failed_at == []
    proven = client.post("/confirm/verify/", {"action": "verify", "code": last_code(PHONE)})
    assert proven.headers["Location"] == "/guarded/"


def test_the_factor_leads_to_the_page_that_was_asked_for_last(client: Client, user: User) -> None:
    let_pass(client, 600)
    client.post("/confirm/?next=/account/details/", {"password": PASSWORD})
    answer = client.post("/guarded/", follow=True)
    assert answer.redirect_chain[-1][0] == "/confirm/verify/"
    assert "What you entered was not sent" in answer.content.decode()
    assert prove_phone(client).headers["Location"] == "/guarded/"


@pytest.mark.parametrize(("seconds", "waits"), [(299, True), (300, False), (301, False)])
def test_a_factor_waits_as_long_as_the_password_counts(
    client: Client, user: User, seconds: int, *, waits: bool
) -> None:
    let_pass(client, 600)
    confirm(client)
    at, session = clock.now().replace(microsecond=0), client.session
    session[RECORDS] = [{**entry, "at": at.timestamp()} for entry in session[RECORDS]]
    session[RECORDS] = [one for one in session[RECORDS] if one["method"] == "password"]
    session.save()
    with mock.patch.object(clock, "now", return_value=at + timedelta(seconds=seconds)):
        assert (client.get("/confirm/").status_code == 302) is waits


def test_a_factor_of_another_program_does_not_wait_here(
    client: Client, user: User, contract_a: ActiveContract
) -> None:
    let_pass(client, 600)
    confirm(client)
    assert client.get(f"/{contract_a.slug}/confirm/").status_code == 200


def test_a_door_that_asks_for_the_password_would_let_it_through(client: Client, user: User) -> None:
    """The naive way: type your password to go on."""

    def naive(request: HttpRequest, user: User, *, minutes: int, at: datetime) -> bool:
        password, _factor = last_proven(request, user)
        return password is not None and password > (at - timedelta(minutes=minutes)).timestamp()

    fails_with(
        "core.mfa.proving.freshness.is_fresh",
        naive,
        lambda: test_the_password_alone_is_not_enough(client, user),
        where='assert client.get("/guarded/").status_code == 302',
    )
