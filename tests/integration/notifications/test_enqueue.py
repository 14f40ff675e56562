from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.db.transaction import TransactionManagementError
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.common.ids import uuid7
from core.notifications.kinds import UnknownKindError
from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.services.outbox import (
    SecretInContextError,
    cancel_messages,
    enqueue,
)
from core.notifications.states import MessageStatus
from tests.integration.notifications.conftest import AT, Clock, FakeChannel, Minter, put

pytestmark = pytest.mark.django_db


def test_a_message_waits_and_is_announced_once_its_cause_is_committed(
    minter: Minter,
    announced: list[UUID],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        message = enqueue(kind="sample_link", to="a@example.org", subject_id=uuid7(), at=AT)
        assert announced == []
    assert announced == [message.id]
    message.refresh_from_db()
    assert (message.status, message.channel, message.attempts) == ("queued", "email", 0)


def test_a_message_vanishes_with_the_change_that_caused_it(
    minter: Minter,
    announced: list[UUID],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(kind="sample_link", to="a@example.org", subject_id=uuid7(), at=AT)
        transaction.set_rollback(True)
    assert announced == []
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_message_without_a_transaction_is_refused(minter: Minter) -> None:
    with pytest.raises(TransactionManagementError):
        enqueue(kind="sample_link", to="a@example.org", subject_id=uuid7(), at=AT)


def test_a_kind_that_nobody_registered_is_refused(minter: Minter) -> None:
    with pytest.raises(UnknownKindError):
        put("nothing_such")


@pytest.mark.parametrize("name", ["code", "reset_link", "token", "PASSWORD", "login_url"])
def test_a_secret_in_the_context_is_refused(minter: Minter, name: str) -> None:
    with pytest.raises(SecretInContextError):
        put("sample_link", context={name: "482913"})
    assert not OutboxMessage.objects.exists()


def test_plain_facts_in_the_context_are_kept(minter: Minter, announced: list[UUID]) -> None:
    message = put("sample_link", context={"code_name": "Medicaid ID", "providers": 2})
    message.refresh_from_db()
    assert message.context == {"code_name": "Medicaid ID", "providers": 2}


def test_the_row_holds_no_secret_after_it_is_sent(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code", to="+13045550123")
    deliver_message(message_id=message.id, clock=clock)
    row = OutboxMessage.objects.filter(id=message.id).values().get()
    assert row["status"] == MessageStatus.SENT
    assert minter.minted == ["secret-1"]
    assert "secret-1" not in repr(row)


def test_what_waits_can_be_withdrawn(
    minter: Minter, announced: list[UUID], channel: FakeChannel
) -> None:
    message = put("sample_link")
    other = put("sample_link")
    with transaction.atomic():
        assert cancel_messages(kind="sample_link", subject_id=message.subject_id) == 1
    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.status, other.status) == ("cancelled", "queued")


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "sent"},
        {"status": "queued", "sent_at": AT},
        {"status": "sending"},
        {"status": "lost"},
        {"channel": "fax"},
        {"to": ""},
    ],
)
def test_the_database_refuses_a_row_that_contradicts_itself(
    minter: Minter, announced: list[UUID], broken: dict[str, object]
) -> None:
    message = put("sample_link")
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMessage.objects.filter(id=message.id).update(**broken)
