import logging
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from core.audit.models import AuditEvent
from core.notifications import kinds
from core.notifications.channels.base import (
    OutcomeUnknownError,
    PermanentRefusalError,
    TransientRefusalError,
)
from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.services.settling import BACKOFF_SECONDS, MAX_ATTEMPTS
from tests.integration.notifications.conftest import AT, Clock, FakeChannel, Minter, put

pytestmark = pytest.mark.django_db


def status_of(message: OutboxMessage) -> str:
    message.refresh_from_db()
    return message.status


def test_a_message_is_handed_over_and_says_so(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_link")
    clock.forward(seconds=1)
    assert deliver_message(message_id=message.id, clock=clock) == "sent"
    message.refresh_from_db()
    assert message.status == "sent"
    assert message.sent_at == AT + timedelta(seconds=1)
    assert message.provider_reference == "provider-1"
    rendered, reference = channel.sent[0]
    assert (rendered.code, reference) == ("secret-1", str(message.id))


def test_the_life_of_a_secret_runs_from_hand_over(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code")
    moment = clock.forward(minutes=7)
    deliver_message(message_id=message.id, clock=clock)
    assert minter.moments == [moment]


@pytest.mark.django_db(transaction=True)
def test_the_mark_is_committed_before_the_provider_is_called(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code")
    seen = []

    def look_from_outside() -> None:
        assert not connection.in_atomic_block
        seen.append(OutboxMessage.objects.values_list("status", "attempts").get(id=message.id))

    channel.before = look_from_outside
    deliver_message(message_id=message.id, clock=clock)
    assert seen == [("sending", 1)]


def test_a_message_is_handed_over_once_however_often_it_is_announced(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_link")
    results = [deliver_message(message_id=message.id, clock=clock) for _ in range(3)]
    assert results == ["sent", None, None]
    assert len(channel.sent) == 1


def test_a_message_that_is_no_longer_wanted_is_not_sent(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code")
    minter.wanted = False
    assert deliver_message(message_id=message.id, clock=clock) == "cancelled"
    assert channel.sent == []


def test_a_message_that_waited_too_long_is_not_sent(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code", not_after=AT + timedelta(seconds=60))
    clock.forward(seconds=60)
    assert deliver_message(message_id=message.id, clock=clock) == "expired"
    assert channel.sent == []
    assert minter.minted == []
    assert minter.outcomes == [("expired", clock.at)]


@pytest.mark.parametrize("kind", ["sample_code", "sample_link"])
def test_a_refusal_for_good_ends_it(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock, kind: str
) -> None:
    message = put(kind)
    channel.failures = [PermanentRefusalError("MessageRejected")]
    assert deliver_message(message_id=message.id, clock=clock) == "failed"
    assert status_of(message) == "failed"
    assert message.failure == "MessageRejected"
    assert minter.outcomes == [("failed", clock.at)]
    event = AuditEvent.objects.get(event_type="message.failed", subject_id=message.id)
    assert event.data == {
        "kind": kind,
        "channel": message.channel,
        "reason": "MessageRejected",
    }


@pytest.mark.parametrize("kind", ["sample_code", "sample_link"])
def test_a_refusal_that_passes_is_tried_again_with_a_new_secret(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock, kind: str
) -> None:
    message = put(kind)
    channel.failures = [TransientRefusalError("Throttling")]
    assert deliver_message(message_id=message.id, clock=clock) == "queued"
    assert deliver_message(message_id=message.id, clock=clock) is None, "not before its time"
    clock.forward(seconds=BACKOFF_SECONDS[0])
    assert deliver_message(message_id=message.id, clock=clock) == "sent"
    assert [rendered.code for rendered, _ in channel.sent] == ["secret-1", "secret-2"]


def test_a_code_whose_outcome_is_unknown_is_never_sent_again(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code")
    channel.failures = [OutcomeUnknownError("ReadTimeoutError")]
    assert deliver_message(message_id=message.id, clock=clock) == "unknown"
    clock.forward(days=1)
    assert deliver_message(message_id=message.id, clock=clock) is None
    assert len(channel.sent) == 1
    assert AuditEvent.objects.filter(event_type="message.unsettled").count() == 1


def test_a_link_whose_outcome_is_unknown_is_sent_again(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_link")
    channel.failures = [OutcomeUnknownError("ReadTimeoutError")]
    assert deliver_message(message_id=message.id, clock=clock) == "queued"
    clock.forward(seconds=BACKOFF_SECONDS[0])
    assert deliver_message(message_id=message.id, clock=clock) == "sent"
    assert minter.minted == ["secret-1", "secret-2"]


@pytest.mark.parametrize("kind", ["sample_code", "sample_link"])
def test_a_channel_that_breaks_counts_as_unknown(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock, kind: str
) -> None:
    message = put(kind)
    channel.failures = [RuntimeError("secret-1")]
    left = "unknown" if kind == "sample_code" else "queued"
    assert deliver_message(message_id=message.id, clock=clock) == left
    assert "secret-1" not in OutboxMessage.objects.get(id=message.id).failure


def test_attempts_grow_rarer_and_end(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_link")
    channel.failures = [TransientRefusalError("Throttling")] * MAX_ATTEMPTS
    waits = []
    while deliver_message(message_id=message.id, clock=clock) == "queued":
        message.refresh_from_db()
        waits.append((message.next_attempt_at - clock.at).total_seconds())
        clock.at = message.next_attempt_at
    assert status_of(message) == "failed"
    assert len(channel.sent) == MAX_ATTEMPTS
    assert waits == sorted(waits)
    assert waits[:3] == [5, 15, 60]
    assert max(waits) == 3600


def test_a_kind_that_breaks_loses_no_message(
    minter: Minter,
    announced: list[UUID],
    channel: FakeChannel,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = put("sample_link")
    minter.error = ValueError("the value secret-1 is odd")
    with caplog.at_level(logging.DEBUG):
        assert deliver_message(message_id=message.id, clock=clock) == "queued"
    assert channel.sent == []
    assert "secret-1" not in caplog.text
    minter.error = None
    clock.forward(seconds=5)
    assert deliver_message(message_id=message.id, clock=clock) == "sent"


def test_a_kind_that_this_release_does_not_know_waits(
    minter: Minter,
    announced: list[UUID],
    channel: FakeChannel,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = put("sample_link")
    with monkeypatch.context() as patch:
        patch.setattr(kinds, "_kinds", {})
        assert deliver_message(message_id=message.id, clock=clock) == "queued"
    clock.forward(seconds=5)
    assert deliver_message(message_id=message.id, clock=clock) == "sent"


def test_a_listener_that_breaks_does_not_undo_the_outcome(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code")

    def break_a_constraint(message: OutboxMessage) -> None:
        OutboxMessage.objects.filter(id=message.id).update(channel="fax")

    minter.listener = break_a_constraint
    assert deliver_message(message_id=message.id, clock=clock) == "sent"
    assert status_of(message) == "sent"


def test_nothing_secret_and_no_address_is_logged(
    minter: Minter,
    announced: list[UUID],
    channel: FakeChannel,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[BaseException] = [
        TransientRefusalError("Throttling"),
        OutcomeUnknownError("ReadTimeoutError"),
        RuntimeError("Here: secret-3 for dana.reed@clinic.example.org"),
        PermanentRefusalError("MessageRejected"),
    ]
    channel.failures = failures
    message = put("sample_link")
    with caplog.at_level(logging.DEBUG):
        while deliver_message(message_id=message.id, clock=clock) == "queued":
            clock.forward(hours=1)
    assert len(minter.minted) == 4
    assert caplog.text
    assert "secret" not in caplog.text
    assert "dana" not in caplog.text
