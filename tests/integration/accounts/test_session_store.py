"""Sessions are written once, and never under a key that somebody else has."""

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.accounts.session_store import SessionStore

pytestmark = pytest.mark.django_db(transaction=True)


def saved(**data: str) -> SessionStore:
    session = SessionStore()
    session.update(data)
    session.save()
    return session


def test_a_new_key_costs_a_delete_and_an_insert_and_the_old_one_is_gone() -> None:
    session = SessionStore(saved(name="dana").session_key)
    former = session.session_key
    assert session["name"] == "dana"
    with CaptureQueriesContext(connection) as captured:
        session.cycle_key()
        session.cycle_key()
        session.save()
    assert [query["sql"].split(" ")[0] for query in captured] == ["DELETE", "INSERT"]
    assert session.session_key != former
    assert SessionStore(session.session_key)["name"] == "dana"
    assert list(Session.objects.values_list("session_key", flat=True)) == [session.session_key]


def test_what_is_cycled_and_never_saved_leaves_nothing() -> None:
    session = SessionStore(saved(name="dana").session_key)
    session.cycle_key()
    assert not Session.objects.exists()


def test_flushed_is_gone() -> None:
    session = saved(name="dana")
    session.flush()
    assert not Session.objects.exists()
    assert session.session_key is None


def test_a_key_that_exists_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = saved(name="dana").session_key
    monkeypatch.setattr("core.accounts.session_store.get_random_string", lambda *_args: taken)
    with pytest.raises(CreateError):
        saved(name="robin")
    assert SessionStore(taken)["name"] == "dana"


def test_a_deleted_session_does_not_come_back() -> None:
    session = saved(name="dana")
    SessionStore(session.session_key).delete()
    session["name"] = "robin"
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()
