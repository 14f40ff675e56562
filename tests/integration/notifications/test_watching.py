"""What was entered in a call is read at the provider, and compared here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from core.audit.models import AuditEvent
from core.notifications import kinds
from core.notifications.channels import base
from core.notifications.channels.base import (
    CallReading,
    ChannelReceipt,
    OutcomeUnknownError,
    Sender,
)
from core.notifications.kinds import MessageKind, Rendered
from core.notifications.models import CallAnswer, CallWatch, OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.services.watching import look_at_call, look_at_calls
from tests.integration.notifications.conftest import AT, Clock, put
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


@dataclass
class Telephone:
    """A provider of calls whose contacts say what the test has them say."""

    repeats_safely: bool = True
    readings: dict[str, CallReading] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        contact = f"contact-{len(self.started) + 1}"
        self.started.append(contact)
        self.readings[contact] = CallReading(message=reference)
        return ChannelReceipt(reference=contact)

    def read_call(self, reference: str) -> CallReading:
        self.looks.append(reference)
        reading = self.readings.get(reference)
        if reading is None:
            raise OutcomeUnknownError("ReadTimeoutError")
        return reading

    def enter(self, message: OutboxMessage, keys: str, *, ended: str = "") -> None:
        message.refresh_from_db()
        self.readings[message.provider_reference] = CallReading(str(message.id), keys, ended)


@pytest.fixture
def telephone(monkeypatch: pytest.MonkeyPatch) -> Telephone:
    made = Telephone()
    monkeypatch.setattr(base, "_channel", lambda path: made)
    return made


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, announced: list[UUID]) -> list[str]:
    """What the kind `sample_ring` heard; it accepts the pound key."""
    keys: list[str] = []

    def on_keys(subject_id: UUID, digits: str, at: datetime) -> bool:
        keys.append(digits)
        return digits == "#"

    kind = MessageKind(
        name="sample_ring",
        channel="voice",
        at_most_once=True,
        prepare=lambda message, at: Rendered(to=message.to, subject="", text=""),
        on_keys=on_keys,
    )
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, "sample_ring": kind})
    return keys


@pytest.fixture
def call(telephone: Telephone, heard: list[str], clock: Clock) -> OutboxMessage:
    """A call that was started and whose contact has nothing to say yet."""
    message = put("sample_ring", to="+13045550123")
    assert deliver_message(message_id=message.id, clock=clock) == "sent"
    return message


def test_right_keys_reach_the_kind_and_end_the_looking(
    call: OutboxMessage, telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    telephone.enter(call, "#")
    clock.forward(seconds=3)
    assert look_at_calls(clock=clock) == 1
    clock.forward(seconds=60)
    assert look_at_calls(clock=clock) == 0
    assert heard == ["#"]


@pytest.mark.parametrize(("seconds", "looks"), [(2, 0), (3, 1), (60, 1)])
def test_a_look_comes_every_three_seconds(
    call: OutboxMessage, telephone: Telephone, clock: Clock, seconds: int, looks: int
) -> None:
    clock.forward(seconds=seconds)
    look_at_calls(clock=clock)
    look_at_calls(clock=clock)
    assert len(telephone.looks) == looks


def test_nothing_entered_is_looked_at_again_until_the_call_has_ended(
    call: OutboxMessage, telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    for _ in range(3):
        clock.forward(seconds=3)
        look_at_calls(clock=clock)
    telephone.enter(call, "", ended="CUSTOMER_DISCONNECT")
    for _ in range(3):
        clock.forward(seconds=3)
        look_at_calls(clock=clock)
    assert len(telephone.looks) == 4
    assert CallWatch.objects.get().ended == "CUSTOMER_DISCONNECT"
    assert heard == []


def test_wrong_keys_count_once_however_often_they_are_read(
    call: OutboxMessage, telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    telephone.enter(call, "123456")
    for _ in range(4):
        clock.forward(seconds=3)
        look_at_calls(clock=clock)
    assert heard == ["123456"]
    telephone.enter(call, "#")
    clock.forward(seconds=3)
    look_at_calls(clock=clock)
    assert heard == ["123456", "#"]


def test_a_contact_that_belongs_to_another_message_is_refused(
    call: OutboxMessage, telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    call.refresh_from_db()
    other = put("sample_ring", to="+13045550123")
    telephone.readings[call.provider_reference] = CallReading(str(other.id), "#")
    clock.forward(seconds=3)
    assert not look_at_call(message_id=call.id, clock=clock)
    assert heard == []
    assert AuditEvent.objects.filter(event_type="call.mismatched", subject_id=call.id).exists()


def test_a_provider_that_does_not_say_is_asked_again(
    call: OutboxMessage, telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    telephone.readings.clear()
    clock.forward(seconds=3)
    assert not look_at_call(message_id=call.id, clock=clock)
    telephone.enter(call, "#")
    clock.forward(seconds=3)
    assert look_at_call(message_id=call.id, clock=clock)


@pytest.mark.parametrize(("seconds", "looks"), [(359, 2), (360, 1)])
def test_a_call_is_not_looked_at_for_ever(
    call: OutboxMessage, telephone: Telephone, clock: Clock, seconds: int, looks: int
) -> None:
    clock.at = AT + timedelta(seconds=seconds)
    look_at_calls(clock=clock)
    clock.forward(minutes=1)
    look_at_calls(clock=clock)
    assert len(telephone.looks) == looks


def test_only_calls_that_we_started_are_read(
    telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    never_sent = put("sample_ring", to="+13045550123")
    assert not look_at_call(message_id=never_sent.id, clock=clock, now=True)
    assert telephone.looks == []


def test_a_look_asked_for_does_not_wait_for_its_turn_but_for_a_second(
    call: OutboxMessage, telephone: Telephone, clock: Clock
) -> None:
    clock.forward(seconds=3)
    look_at_calls(clock=clock)
    assert not look_at_call(message_id=call.id, clock=clock, now=True)
    assert len(telephone.looks) == 1
    telephone.enter(call, "#")
    clock.forward(seconds=1)
    assert look_at_call(message_id=call.id, clock=clock, now=True)
    assert look_at_call(message_id=call.id, clock=clock, now=True), "the answer stays the same"


def test_keys_are_not_stored_nor_guessable_from_what_is(
    call: OutboxMessage, telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    import hashlib

    telephone.enter(call, "482913")
    clock.forward(seconds=3)
    look_at_calls(clock=clock)
    kept = CallAnswer.objects.get()
    assert "482913" not in str(CallAnswer.objects.values().get())
    guesses = (b"482913", call.provider_reference.encode() + b"482913")
    assert kept.digest not in {hashlib.sha256(guess).hexdigest() for guess in guesses}


@pytest.mark.django_db(transaction=True)
def test_looks_at_the_same_moment_count_an_entry_once(
    call: OutboxMessage, telephone: Telephone, heard: list[str], clock: Clock
) -> None:
    telephone.enter(call, "999999")
    clock.forward(seconds=3)
    at_once(6, lambda _place: look_at_call(message_id=call.id, clock=clock, now=True))
    assert heard == ["999999"]


def test_a_channel_whose_calls_cannot_be_read_is_left_alone(
    call: OutboxMessage, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(base, "_channel", lambda path: object())
    clock.forward(seconds=3)
    assert not look_at_call(message_id=call.id, clock=clock)
