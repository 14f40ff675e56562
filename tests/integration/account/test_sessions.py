"""Where one is signed in, and out again from another browser."""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from core.accounts.models import Session, User
from core.accounts.services.accounts import end_sessions
from core.accounts.sessions.guarding import RECORD_KEY
from core.accounts.sessions.own import list_own_sessions
from core.audit.models import AuditEvent
from core.common import clock
from tests.support.naive import fails_with
from tests.support.people import make_person, session_account
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0"


def elsewhere(user: User, host: str = "testserver") -> Client:
    """Sign in on another browser, from another network."""
    other = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="203.0.113.77")
    sign_in_directly(other, user, host=host)
    return other


def sign_in_id(client: Client) -> str:
    return str(client.session[RECORD_KEY]["id"])


def test_the_list_says_which_where_and_when(client: Client, user: User) -> None:
    elsewhere(user, host="localhost")
    page = client.get("/account/sessions/").content.decode()
    assert page.index("This browser") < page.index("Firefox on Linux")
    for text in ("localhost", "203.0.113.…", "password, code by e-mail", "Last used"):
        assert text in page
    assert "203.0.113.77" not in page


def test_sessions_of_others_and_those_that_are_over_are_not_listed(
    client: Client, user: User
) -> None:
    elsewhere(make_person("robin"))
    stale = elsewhere(user)
    data = stale.session
    data[RECORD_KEY] = {**data[RECORD_KEY], "seen_at": 0.0}
    data.save()
    assert client.get("/account/sessions/").content.decode().count("session-") > 0
    assert len(list_own_sessions(user, this=None, at=clock.now())) == 1
    later = clock.now() + timedelta(minutes=15)
    assert list_own_sessions(user, this=None, at=later) == []


def test_one_is_ended_and_is_out_with_its_next_request(client: Client, user: User) -> None:
    other = elsewhere(user)
    client.post(f"/account/sessions/{sign_in_id(other)}/end/")
    left = other.get("/home/")
    assert left.headers["Location"].startswith("/?")
    assert "signed out here or from another browser" in other.get("/").content.decode()
    assert client.get("/home/").status_code == 200
    event = AuditEvent.objects.get(event_type="session.ended")
    assert event.data == {"reason": "ended_by_owner"}
    assert event.subject_id == event.actor_id == user.id


def test_ended_twice_is_ended_once(client: Client, user: User) -> None:
    other = sign_in_id(elsewhere(user))
    client.post(f"/account/sessions/{other}/end/")
    again = client.post(f"/account/sessions/{other}/end/", follow=True)
    assert "signed out already" in again.content.decode()
    assert AuditEvent.objects.filter(event_type="session.ended").count() == 1


def test_all_others_are_ended(client: Client, user: User) -> None:
    others = [elsewhere(user), elsewhere(user, host="localhost")]
    client.post("/account/sessions/others/end/")
    assert others[0].get("/home/").status_code == 302
    assert others[1].get("/home/", headers={"host": "localhost"}).status_code == 302
    assert client.get("/home/").status_code == 200
    assert AuditEvent.objects.filter(event_type="session.ended").count() == 2


def test_a_session_of_somebody_else_is_not_ended(client: Client, user: User) -> None:
    robin = make_person("robin")
    theirs = elsewhere(robin)
    client.post(f"/account/sessions/{sign_in_id(theirs)}/end/")
    assert session_account(theirs) == robin.id


def test_ones_own_ends_by_sign_out_alone(client: Client, user: User) -> None:
    client.post(f"/account/sessions/{sign_in_id(client)}/end/")
    assert client.get("/home/").status_code == 200


def test_a_sign_in_keeps_its_name_when_its_key_changes(client: Client, user: User) -> None:
    before, name = client.session.session_key, sign_in_id(client)
    session = client.session
    session.cycle_key()
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    assert client.session.session_key != before
    assert sign_in_id(client) == name


def test_a_change_of_the_account_empties_the_list_of_others(client: Client, user: User) -> None:
    elsewhere(user)
    end_sessions(user_id=user.id, reason="test", by=None, at=clock.now())
    assert list_own_sessions(User.objects.get(pk=user.pk), this=None, at=clock.now()) == []


@pytest.mark.django_db(transaction=True)
def test_ending_a_session_while_it_is_used() -> None:
    """However its requests and the end fall together, afterwards it is out."""
    user = make_person()
    here, other = Client(), elsewhere(user)
    sign_in_directly(here, user)
    ready = threading.Barrier(5)
    failures: list[Exception] = []

    def use() -> None:
        from django.db import connection

        try:
            browser = Client()
            browser.cookies[settings.SESSION_COOKIE_NAME] = key
            ready.wait(10)
            for _ in range(5):
                session = browser.session
                if RECORD_KEY not in session:
                    break
                # A request that notes something and one that gets a new key.
                session.cycle_key()
                try:
                    session.save()
                except Exception as error:  # noqa: BLE001 - judged below
                    if type(error).__name__ != "UpdateError":
                        failures.append(error)
                    break
                browser.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
        finally:
            connection.close()

    def end() -> None:
        from django.db import connection

        try:
            ready.wait(10)
            here.post(f"/account/sessions/{name}/end/")
        finally:
            connection.close()

    key = other.cookies[settings.SESSION_COOKIE_NAME].value
    name = sign_in_id(other)
    workers = [threading.Thread(target=use) for _ in range(4)] + [threading.Thread(target=end)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert failures == []
    assert not Session.objects.filter(sign_in=name).exists()
    assert here.get("/home/").status_code == 200


def test_a_session_that_is_ended_by_its_id_alone_could_be_anybodys(
    client: Client, user: User
) -> None:
    """The naive way: the id comes from the person's own page."""

    def naive(*, user_id: UUID, sign_in: UUID, at: datetime) -> bool:
        return bool(Session.objects.filter(sign_in=sign_in).delete()[0])

    fails_with(
        "core.accounts.views.account.sessions.end_own_session",
        naive,
        lambda: test_a_session_of_somebody_else_is_not_ended(client, user),
        where="assert session_account(theirs) == robin.id",
    )
