"""The outbox for staff: who sees which messages, and what is tried again, how often."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.notifications import kinds
from core.notifications.models import OutboxMessage
from core.notifications.outbox_facts import Narrowing, OutboxScope, list_messages
from core.notifications.services.delivery import deliver_message
from core.notifications.services.retrying import retry_message, retry_messages
from core.notifications.states import MessageStatus
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.integration.notifications.conftest import (  # noqa: F401 - fixtures
    AT,
    Clock,
    FakeChannel,
    Minter,
    announced,
    channel,
    clock,
    minter,
    put,
)
from tests.support.naive import fails_with
from tests.support.staff import staff_client
from tests.support.threads import at_once

OUTBOX = "/staff/operations/outbox/"
MESSAGES = f"{OUTBOX}messages/"
REASON = {"reason": "The provider was away"}
EVERYTHING = OutboxScope(everywhere=True, contracts=())

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("minter", "announced")]


def dead(kind: str = "sample_link", **options: Any) -> OutboxMessage:
    """Put a message that was given up after 16 attempts."""
    message = put(kind, **options)
    message.status, message.attempts, message.failure = MessageStatus.FAILED, 16, "421"
    message.save()
    return message


def shown(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def test_the_outbox_tells_states_apart_and_shows_no_address(
    operator: Client, contract_a: ActiveContract
) -> None:
    found = dead(contract_id=contract_a.id)
    put("sample_code", to="+13045550147")
    page = shown(operator, OUTBOX)
    assert "Sample link: 1 given up" in page
    assert "Sample code: 1 waiting" in page
    assert contract_a.name in page
    for path in (f"{MESSAGES}?state=dead", f"{MESSAGES}{found.id}/"):
        page = shown(operator, path)
        assert "d•••••d@clinic.example.org" in page
        assert "dana.reed" not in page
        assert "XXX-XXX-0147" not in page


def test_a_message_that_was_given_up_is_tried_again_with_a_reason(operator: Client) -> None:
    message = dead()
    path = f"{MESSAGES}{message.id}/retry/"
    assert f'href="{path}"' in shown(operator, f"{MESSAGES}{message.id}/")
    assert "Error:" in operator.post(path, {"reason": ""}).content.decode()
    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED
    answer = operator.post(path, REASON)
    assert answer.headers["Location"] == f"{MESSAGES}{message.id}/"
    message.refresh_from_db()
    assert (message.status, message.attempts) == (MessageStatus.QUEUED, 16)
    event = AuditEvent.objects.get(event_type="message.retried", subject_id=message.id)
    assert event.data["reason"] == REASON["reason"]
    # A stale page, after it was sent meanwhile
    OutboxMessage.objects.filter(pk=message.pk).update(status=MessageStatus.SENT, sent_at=AT)
    operator.post(path, REASON)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert AuditEvent.objects.filter(event_type="message.retried").count() == 1


@pytest.mark.parametrize("status", [MessageStatus.UNKNOWN, MessageStatus.FAILED])
def test_a_code_is_never_tried_again(operator: Client, status: MessageStatus) -> None:
    never_again(operator, status)


def test_if_every_kind_could_be_sent_twice_a_code_would_be(operator: Client) -> None:
    fails_with(
        "core.notifications.outbox_facts.repeatable_kinds",
        lambda: frozenset(kinds._kinds),
        lambda: never_again(operator, MessageStatus.FAILED),
        where='assert "Try again" not in page',
    )


def never_again(operator: Client, status: MessageStatus) -> None:
    message = dead("sample_code")
    OutboxMessage.objects.filter(pk=message.pk).update(status=status)
    page = shown(operator, f"{MESSAGES}{message.id}/")
    assert "Try again" not in page
    assert "A code is never sent twice" in page
    operator.post(f"{MESSAGES}{message.id}/retry/", REASON)
    operator.post(f"{MESSAGES}retry/", REASON)
    message.refresh_from_db()
    assert message.status == status


def test_what_a_list_shows_is_tried_again_and_nothing_else(
    operator: Client, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    wanted, other = dead(contract_id=contract_a.id), dead(contract_id=contract_b.id)
    narrowed = {"state": "dead", "contract": str(contract_a.id)}
    query = f"?state=dead&contract={contract_a.id}"
    assert "Try 1 of these again" in shown(operator, f"{MESSAGES}{query}")
    assert "Try 1 message again?" in shown(operator, f"{MESSAGES}retry/{query}")
    operator.post(f"{MESSAGES}retry/", {**narrowed, **REASON})
    wanted.refresh_from_db()
    other.refresh_from_db()
    assert (wanted.status, other.status) == (MessageStatus.QUEUED, MessageStatus.FAILED)
    event = AuditEvent.objects.get(event_type="messages.retried")
    assert (event.contract_id, event.data["messages"]) == (contract_a.id, 1)
    made_up = operator.post(f"{MESSAGES}retry/", {"contract": str(uuid7()), **REASON})
    assert made_up.headers["Location"] == MESSAGES
    other.refresh_from_db()
    assert other.status == MessageStatus.FAILED


def test_the_help_desk_of_a_contract_sees_its_messages_and_changes_none(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    own, other = dead(contract_id=contract_a.id), dead(contract_id=contract_b.id)
    nobodys = dead()
    desk = staff_client(StaffRole.HELP_DESK, contract_a)
    page = shown(desk, MESSAGES)
    assert str(own.id) in page
    assert str(other.id) not in page
    assert str(nobodys.id) not in page
    assert "Try" not in shown(desk, f"{MESSAGES}{own.id}/")
    assert desk.get(f"{MESSAGES}{other.id}/").status_code == 404
    assert desk.get(f"{MESSAGES}{nobodys.id}/").status_code == 404
    assert desk.post(f"{MESSAGES}{own.id}/retry/", REASON).status_code == 403
    own.refresh_from_db()
    assert own.status == MessageStatus.FAILED


def test_home_says_what_was_given_up(operator: Client, contract_a: ActiveContract) -> None:
    assert "Nothing waits for you." in shown(operator, "/staff/")
    dead(contract_id=contract_a.id)
    assert "1 link or notice was given up" in shown(operator, "/staff/")
    assert "1 link or notice was given up" in shown(operator, "/staff/operations/")


@pytest.mark.django_db(transaction=True)
def test_many_who_try_again_at_once_send_it_once(channel: FakeChannel, clock: Clock) -> None:  # noqa: F811
    message, by = dead(), uuid7()

    def one(place: int) -> int:
        return retry_message(message_id=message.id, reason="So", by=by, at=AT)

    def many(place: int) -> int:
        found = list_messages(EVERYTHING, Narrowing(state="dead"))
        return retry_messages(messages=found, contract_id=None, reason="So", by=by, at=AT)

    assert sum(at_once(8, lambda place: one(place) if place % 2 else many(place))) == 1
    at_once(4, lambda place: deliver_message(message_id=message.id, clock=clock))
    assert sum(at_once(4, one)) == 0
    assert len(channel.sent) == 1
    message.refresh_from_db()
    assert (message.status, message.attempts) == (MessageStatus.SENT, 17)


def test_who_may_have_messages_tried_again_at_all() -> None:
    message: UUID = dead().id
    for role in (StaffRole.HELP_DESK, StaffRole.AUDITOR):
        browser = staff_client(role, name=role.value)
        assert browser.post(f"{MESSAGES}retry/", REASON).status_code == 403
        assert browser.post(f"{MESSAGES}{message}/retry/", REASON).status_code == 403
    assert OutboxMessage.objects.get(pk=message).status == MessageStatus.FAILED
