"""Rows of one act that go in by one statement."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.audit.models import AuditEvent
from core.audit.recording import Happening, event_of
from core.common.ids import uuid7
from core.common.writing import insert_together
from core.mfa.models import Factor
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.services.outbox import enqueue
from tests.support.people import START, make_person

pytestmark = pytest.mark.django_db


def test_they_are_written_as_the_model_would() -> None:
    person = make_person()
    event = event_of(Happening("thing.done", subject=("account", person.id)), at=START)
    with CaptureQueriesContext(connection) as captured:
        message = enqueue(
            kind="account_locked",
            to=person.email,
            subject_id=person.id,
            account_id=person.id,
            context={"blank": False},
            beside=(event,),
            at=START,
        )
    assert len(captured.captured_queries) == 1
    for written, model in ((message, OutboxMessage), (event, AuditEvent)):
        stored: Any = model._default_manager.get(pk=written.pk)
        for field in model._meta.local_concrete_fields:
            if field.name != "transaction_id":  # the database's own
                assert getattr(stored, field.attname) == getattr(written, field.attname)
        assert not written._state.adding
    assert AuditEvent.objects.get(pk=event.pk).transaction_id > 0


def test_none_is_written_when_one_cannot_be() -> None:
    person = make_person(factors=False)
    kept = Factor(user=person, kind="email", verified_at=START, created_at=START)
    twin = Factor(user=person, kind="email", verified_at=START, created_at=START)
    twin.pk = kept.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together(kept, LocalMessage(id=uuid7(), to="a", sent_at=START), twin)
    assert not Factor.objects.filter(pk=kept.pk).exists()
    assert not LocalMessage.objects.exists()


def test_what_is_sent_beside_them_can_build_on_itself() -> None:
    person = make_person()
    event = event_of(Happening("thing.done"), at=START)
    changed = "UPDATE core_accounts_user SET phone = %s WHERE id = %s RETURNING id, phone"
    told = "UPDATE core_accounts_user SET fax = changed.phone FROM changed WHERE username = %s"
    omar = make_person("omar")
    insert_together(
        event, beside={"changed": (changed, ("1", person.id)), "told": (told, ("omar",))}
    )
    person.refresh_from_db()
    omar.refresh_from_db()
    assert (person.phone, omar.fax) == ("1", "1")
    assert AuditEvent.objects.filter(pk=event.pk).exists()
