"""Queries whose text is made once: they give what the queryset gives, whatever the values."""

import threading
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet, Value
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from core.accounts.models import Session, User
from core.common.compiled import CompiledQuery, CompiledUpdate
from core.common.ids import uuid7
from tests.support.people import START, after, make_person

pytestmark = pytest.mark.django_db


def by_name(*, name: str, born_before: datetime) -> QuerySet[User]:
    return User.objects.with_contracts().filter(username=name, created_at__lt=born_before)


def test_it_gives_what_the_queryset_gives_for_ever_new_values() -> None:
    dana, omar = make_person("dana"), make_person("omar", phone=None)
    query = CompiledQuery(by_name)
    for person in (dana, omar, dana):
        values: dict[str, Any] = {"name": person.username, "born_before": after(days=9_000)}
        found = query.first(**values)
        plain = by_name(**values).get()
        assert found is not None
        shown = {name: value for name, value in vars(found).items() if name != "_state"}
        assert shown == {name: value for name, value in vars(plain).items() if name != "_state"}
        assert found._state.adding is False
    assert query.first(name="nobody", born_before=after(days=9_000)) is None
    assert query.first(name="dana", born_before=START) is None


def test_the_text_is_made_once() -> None:
    made = []

    def build(*, key: UUID) -> QuerySet[User]:
        made.append(key)
        return User.objects.filter(pk=key)

    query, person = CompiledQuery(build), make_person()
    with CaptureQueriesContext(connection) as captured:
        assert query.first(key=uuid7()) is None
        assert query.first(key=person.id) == person
    assert len(made) == 1
    assert made[0] != person.id
    assert made[0].hex not in captured.captured_queries[1]["sql"]
    assert person.id.hex in captured.captured_queries[1]["sql"]


def test_related_rows_and_plain_values_come_as_from_a_queryset() -> None:
    person = make_person()
    Session.objects.create(
        session_key="0" * 40, session_data="", expire_date=after(days=1), account=person
    )
    sessions = CompiledQuery(lambda key: Session.objects.with_account().filter(session_key=key))
    row = sessions.first(key="0" * 40)
    assert row is not None
    with CaptureQueriesContext(connection) as captured:
        assert row.account == person
    assert not captured.captured_queries
    names = CompiledQuery(lambda key: User.objects.filter(pk=key).values_list("username", "phone"))
    assert names.all(key=person.id) == [("dana", "")]


def test_what_never_changes_stands_in_the_text() -> None:
    person = make_person()
    User.objects.filter(pk=person.pk).update(city="50% O'Fallon \\%s")
    query = CompiledQuery(
        lambda key: User.objects.filter(city="50% O'Fallon \\%s", pk=key).annotate(
            born=Value(START), words=Value("100 %s %%")
        )
    )
    assert query.first(key=uuid7()) is None
    found: Any = query.first(key=person.id)
    assert (found, found.born, found.words) == (person, START, "100 %s %%")


def test_only_models_and_tuples_are_made() -> None:
    names: CompiledQuery[Any] = CompiledQuery(
        lambda key: User.objects.filter(pk=key).values("username")
    )
    with pytest.raises(ValueError, match="models or tuples"):
        names.all(key=uuid7())


def test_an_update_changes_what_the_queryset_would_and_counts_it() -> None:
    dana, omar = make_person("dana"), make_person("omar", phone=None)
    note = CompiledUpdate(
        lambda key, epoch, at: User.objects.filter(pk=key, security_epoch=epoch, created_at__lt=at),
        lambda at, **_others: {"last_used_at": at, "failed_at": (), "locked_at": None},
    )
    User.objects.update(failed_at=[START], locked_at=START)
    for person, moment in ((dana, after(days=9_000)), (omar, after(days=9_001))):
        epoch = person.security_epoch
        assert note.update(key=person.id, epoch=epoch + 1, at=moment) == 0
        assert note.update(key=person.id, epoch=epoch, at=moment) == 1
        person.refresh_from_db()
        assert person.last_used_at == moment
        assert (person.failed_at, person.locked_at) == ([], None)
    with pytest.raises(ValueError, match="unused"):
        CompiledUpdate(
            lambda key, **_others: User.objects.filter(pk=key), lambda **_values: {"city": "x"}
        ).update(key=dana.id, unused=7)


def test_a_value_that_is_not_in_the_text_is_an_error() -> None:
    looks = CompiledQuery(lambda key: User.objects.filter(username=key[:3]))
    with pytest.raises(ValueError, match="key"):
        looks.first(key="dana")


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_alone() -> None:
    person = make_person()
    held = CompiledQuery(lambda key: User.objects.select_for_update().filter(pk=key))
    with transaction.atomic():
        assert held.first(key=person.id) == person
    with pytest.raises(TransactionManagementError):
        held.first(key=person.id)


@pytest.mark.django_db(transaction=True)
def test_another_thread_reads_by_its_own_connection() -> None:
    person = make_person()
    query, found = CompiledQuery(lambda key: User.objects.filter(pk=key)), []
    assert query.first(key=person.id) == person

    def read() -> None:
        try:
            found.append(query.first(key=person.id))
        finally:
            connection.close()

    other = threading.Thread(target=read)
    other.start()
    other.join()
    assert found == [person]
