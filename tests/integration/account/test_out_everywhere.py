"""A deactivated account is out everywhere: with its next request, whatever it is doing."""

from unittest import mock

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account, reactivate_account
from core.common import clock
from core.mfa.browsers.cookie import cookie_name
from core.mfa.services.browsers import remember_browser
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.integration.resets.walking import begin, choose_password, prove_email, prove_phone
from tests.support.naive import fails_with
from tests.support.people import (
    PASSWORD,
    PHONE,
    deliver_all,
    give_deputy,
    last_code,
    make_person,
    make_provider,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
HOSTS = ("testserver", "localhost")
PAGES = (
    "/home/",
    "/account/",
    "/account/details/",
    "/account/sessions/",
    "/account/email/",
    "/account/factors/",
    "/providers/add/",
)


def close(user: User) -> None:
    deactivate_account(user_id=user.id, reason="left", by=None, at=clock.now())


@pytest.fixture
def user(contract_b: ActiveContract) -> User:
    """Return an admin whose group keeps another one when the account is closed."""
    person = make_person()
    make_provider(person, contract_b)
    give_deputy(person)
    return person


@pytest.mark.parametrize("page", PAGES)
def test_on_every_host_in_every_session(user: User, page: str) -> None:
    browsers = []
    for host in HOSTS:
        browser = Client(headers={"host": host})
        sign_in_directly(browser, user, host=host)
        assert browser.get(page).status_code == 200
        browsers.append(browser)
    close(user)
    for browser in browsers:
        assert browser.get(page).status_code == 302
        assert browser.get(page).headers["Location"].startswith("/?")
        assert browser.get("/session/").status_code == 401


def test_what_is_posted_is_not_done(client: Client, user: User) -> None:
    sign_in_directly(client, user)
    close(user)
    client.post("/account/password/", {"password": "x", "confirmation": "x"})
    client.post("/account/details/", {"first_name": "Changed", "last_name": "Name"})
    client.post("/account/email/", {"email": "new@elm.example"})
    unchanged = User.objects.get(pk=user.pk)
    assert (unchanged.first_name, unchanged.email) == (user.first_name, user.email)
    assert unchanged.check_password(PASSWORD)


def test_a_sign_in_under_way_does_not_end_in_a_session(client: Client, user: User) -> None:
    client.post("/login/phone/", {"email": user.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send", "channel": "sms"})
    code = last_code(PHONE)
    close(user)
    client.post("/login/verify/", {"action": "verify", "code": code})
    assert session_account(client) is None


def test_a_password_reset_under_way_sets_nothing(client: Client, user: User) -> None:
    begin(client, user.email)
    prove_email(client, user.email)
    prove_phone(client)
    close(user)
    choose_password(client)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert session_account(client) is None


def test_a_change_of_address_under_way_changes_nothing(client: Client, user: User) -> None:
    sign_in_directly(client, user)
    page = client.post("/account/email/", {"email": "new@elm.example"}).headers["Location"]
    code = last_code("new@elm.example")
    close(user)
    client.post(page, {"action": "verify", "code": code})
    assert User.objects.get(pk=user.pk).email == user.email


def test_a_remembered_browser_signs_nobody_in(client: Client, user: User) -> None:
    memory = remember_browser(
        user=user, option="email", host="testserver", replaces="", at=clock.now()
    )
    assert memory is not None
    close(user)
    client.cookies[cookie_name()] = memory.token
    client.post("/", {"option": "email", "remember": "on"})
    assert session_account(client) is None


def test_what_was_ended_stays_ended_when_the_account_opens_again(
    client: Client, user: User
) -> None:
    sign_in_directly(client, user)
    memory = remember_browser(
        user=user, option="email", host="testserver", replaces="", at=clock.now()
    )
    assert memory is not None
    close(user)
    reactivate_account(user_id=user.id, reason="a mistake", by=None, at=clock.now())
    assert client.get("/home/").status_code == 302
    other = Client()
    other.cookies[cookie_name()] = memory.token
    other.post("/", {"option": "email", "remember": "on"})
    assert session_account(other) is None


def test_no_code_goes_out_any_more(client: Client, user: User) -> None:
    client.post("/login/phone/", {"email": user.email, "password": PASSWORD})
    close(user)
    client.post("/login/verify/", {"action": "send", "channel": "sms"})
    deliver_all()
    assert not LocalMessage.objects.filter(to=PHONE).exists()


@pytest.mark.django_db(transaction=True)
def test_the_next_request_is_out_already() -> None:
    """Committed for real, with a session that is in use all the time."""
    user, browser = make_person(), Client()
    sign_in_directly(browser, user)

    assert browser.get("/home/").status_code == 200
    close(user)
    assert browser.get("/home/").status_code == 302


def test_an_account_that_is_looked_at_when_it_signs_in_would_stay_in(user: User) -> None:
    """The naive way: the session says who it is, and the account is asked at the next sign-in."""

    def naive(_backend: object, user_id: str) -> User:
        return User.objects.with_contracts().get(pk=user_id)

    with mock.patch("core.accounts.middleware.check_session", return_value=None):
        fails_with(
            "core.accounts.signing_in.backends.EmailBackend.get_user",
            naive,
            lambda: test_on_every_host_in_every_session(user, "/home/"),
            where="assert browser.get(page).status_code == 302",
        )
