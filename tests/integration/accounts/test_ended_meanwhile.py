"""A session that is ended, or gets a new key, while one of its requests is at work."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client

from core.accounts.models import Session, User
from core.accounts.sessions import lifecycle as sessions
from core.accounts.sessions.store import SessionStore
from tests.support.people import make_person, session_account
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client: Client) -> User:
    person = make_person()
    sign_in_directly(client, person)
    return person


def during_home(
    client: Client, monkeypatch: pytest.MonkeyPatch, act: Callable[[HttpRequest], None]
) -> Any:
    """Ask for home, with something happening after the session was read."""

    def meanwhile(request: HttpRequest, **_kwargs: object) -> None:
        request.session["note"] = "a change of this request"
        act(request)

    monkeypatch.setattr("core.accounts.middleware.mark_seen", meanwhile)
    return client.get("/home/")


def test_what_was_ended_does_not_come_back(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = during_home(client, monkeypatch, lambda _: Session.objects.all().delete() and None)
    assert answer.headers["Location"] == "/"
    assert client.cookies[settings.SESSION_COOKIE_NAME].value == ""
    assert not Session.objects.exists()


def test_nor_under_a_new_key(client: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(request: HttpRequest) -> None:
        request.session.cycle_key()
        Session.objects.all().delete()

    assert during_home(client, monkeypatch, end).headers["Location"] == "/"
    assert not Session.objects.exists()


def test_a_new_key_of_another_request_is_left_alone(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SessionStore(client.cookies[settings.SESSION_COOKIE_NAME].value)

    def change_key(_request: HttpRequest) -> None:
        other.load()
        other.cycle_key()
        other.save()

    answer: HttpResponse = during_home(client, monkeypatch, change_key)
    assert answer.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    client.cookies[settings.SESSION_COOKIE_NAME] = str(other.session_key)
    monkeypatch.undo()
    assert client.get("/home/").status_code == 200


def carried(request: HttpRequest, user: User) -> HttpResponse:
    sessions.carry_on(request, user)
    return HttpResponse()


def test_the_session_in_hand_carries_on_after_its_own_change(client: Client, user: User) -> None:
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.session = SessionStore(client.cookies[settings.SESSION_COOKIE_NAME].value)
    before = request.session.session_key
    user.password = "!another"
    user.security_epoch += 1
    user.save()
    page = sessions.outlives_changes(lambda request: carried(request, user))
    assert page(request).status_code == 200
    client.cookies[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    assert request.session.session_key != before
    assert client.get("/home/").status_code == 200
    assert session_account(client) == user.id


def test_a_page_that_carries_on_says_so(client: Client, user: User) -> None:
    with pytest.raises(RuntimeError, match="outlives_changes"):
        carried(client.get("/home/").wsgi_request, user)


def test_a_late_request_with_the_former_key_takes_nothing_from_the_browser(
    client: Client, user: User
) -> None:
    """The other request's answer has given the browser a newer key, with why the session ended."""
    Session.objects.all().delete()
    for path in ("/session/", "/mfa-help/"):
        assert settings.SESSION_COOKIE_NAME not in client.get(path).cookies


def test_sign_out_takes_the_key_from_the_browser(client: Client, user: User) -> None:
    answer = client.post("/logout/")
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    # It goes, or another one takes its place, which says that one is signed out.
    assert cookie.value != "" or cookie["max-age"] == 0
    assert session_account(client) is None
