"""Sessions are written once, and never under a key that somebody else has."""

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.accounts.models import Session, User
from core.accounts.sessions.guarding import RECORD_KEY, SessionRecord
from core.accounts.sessions.store import SessionStore, row_key
from core.common.ids import uuid7
from tests.support.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)


def saved(**data: str) -> SessionStore:
    session = SessionStore()
    session.update(data)
    session.save()
    return session


def test_a_new_key_takes_the_place_of_the_former_one_by_one_statement() -> None:
    session = SessionStore(saved(name="dana").session_key)
    former = session.session_key
    assert session["name"] == "dana"
    with CaptureQueriesContext(connection) as captured:
        session.cycle_key()
        session.cycle_key()
        session.save()
    assert [query["sql"].split(" ")[0] for query in captured] == ["UPDATE"]
    assert session.session_key != former
    assert SessionStore(session.session_key)["name"] == "dana"
    assert list(Session.objects.values_list("session_key", flat=True)) == [
        row_key(str(session.session_key))
    ]


def test_what_is_cycled_and_never_saved_stays_as_it_was() -> None:
    former = saved(name="dana").session_key
    session = SessionStore(former)
    session["name"] = "robin"
    session.cycle_key()
    assert SessionStore(former)["name"] == "dana"


def test_flushed_after_a_new_key_leaves_nothing() -> None:
    session = SessionStore(saved(name="dana").session_key)
    session.cycle_key()
    session.flush()
    assert not Session.objects.exists()


def test_the_table_does_not_know_the_keys() -> None:
    session = saved(name="dana")
    assert not Session.objects.filter(session_key=session.session_key).exists()
    assert str(session.session_key) not in Session.objects.get().session_data


def test_a_button_pressed_twice_before_a_sign_in_leaves_each_its_own() -> None:
    former = saved(name="dana").session_key
    one, two = SessionStore(former), SessionStore(former)
    assert one["name"] == two["name"] == "dana"
    for session in (one, two):
        session.cycle_key()
        session.save()
    assert SessionStore(two.session_key)["name"] == "dana"


def signed_in(user: User) -> SessionStore:
    record = SessionRecord("portal.example", 1, {}, 0, 0, 900, 900, id=str(uuid7()))
    session = SessionStore()
    session.update({"_auth_user_id": str(user.id), RECORD_KEY: record.to_session()})
    session.save()
    return session


def test_the_account_comes_with_the_session() -> None:
    user = make_person()
    session = SessionStore(signed_in(user).session_key)
    with CaptureQueriesContext(connection) as captured:
        assert session["_auth_user_id"] == str(user.id)
        assert session.account == user
        assert session.account is not None
        assert session.account.contract_keys == []  # type: ignore[attr-defined]
    assert len(captured) == 1


def test_pressed_twice_while_signed_in_is_one_sign_in_still() -> None:
    former = signed_in(make_person()).session_key
    one, two = SessionStore(former), SessionStore(former)
    assert one["_auth_user_id"] == two["_auth_user_id"]
    for session in (one, two):
        session.cycle_key()
        session.save()
    assert SessionStore(two.session_key)["_auth_user_id"]
    assert len(set(Session.objects.values_list("sign_in", flat=True))) == 1


def test_a_sign_in_that_was_ended_does_not_come_back_under_a_new_key() -> None:
    session = SessionStore(signed_in(make_person()).session_key)
    assert session["_auth_user_id"]
    session.cycle_key()
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_flushed_is_gone() -> None:
    session = saved(name="dana")
    session.flush()
    assert not Session.objects.exists()
    assert session.session_key is None


def test_a_key_that_exists_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = saved(name="dana").session_key
    monkeypatch.setattr("core.accounts.sessions.store._new_key", lambda: taken)
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
