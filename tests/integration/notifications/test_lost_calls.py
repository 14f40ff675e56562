"""A call whose answer was lost is asked for again: the provider makes one call of both.

Mail and text messages have no such token: their codes are never sent again by themselves.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from core.notifications.channels.base import (
    OutcomeUnknownError,
    PermanentRefusalError,
    TransientRefusalError,
)
from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import deliver_message, recover_stuck
from core.notifications.services.sweeping import sweep
from core.notifications.states import MessageStatus
from tests.integration.notifications.conftest import AT, Clock, FakeChannel, Minter, put

pytestmark = pytest.mark.django_db
LOST = OutcomeUnknownError("ReadTimeoutError")


@pytest.fixture(autouse=True)
def _nobody_is_told(minter: Minter, announced: list[UUID]) -> None:
    """Kinds that mint, and no delivery by itself."""


@pytest.fixture
def telephone(channel: FakeChannel) -> FakeChannel:
    """A channel that makes one call of two equal requests."""
    channel.repeats_safely = True
    return channel


def call(clock: Clock) -> OutboxMessage:
    return put("sample_call", to="+13045550123", at=clock.at, not_after=AT + timedelta(minutes=10))


def lose(message: OutboxMessage, channel: FakeChannel, clock: Clock) -> None:
    channel.failures = [LOST]
    assert deliver_message(message_id=message.id, clock=clock) == "unknown"


def sweep_for(clock: Clock, *, minutes: int) -> None:
    for _ in range(minutes * 6):
        clock.forward(seconds=10)
        sweep(clock=clock)


def status_of(message: OutboxMessage) -> str:
    message.refresh_from_db()
    return message.status


def test_a_lost_answer_is_asked_for_again_under_the_same_name(
    telephone: FakeChannel, clock: Clock
) -> None:
    message = call(clock)
    lose(message, telephone, clock)
    sweep_for(clock, minutes=1)
    assert status_of(message) == "sent"
    assert message.provider_reference == "provider-2"
    assert [reference for _, reference in telephone.sent] == [str(message.id)] * 2


def test_it_is_asked_four_times_at_most_and_then_left_unknown(
    telephone: FakeChannel, clock: Clock
) -> None:
    message = call(clock)
    telephone.failures = [LOST] * 9
    deliver_message(message_id=message.id, clock=clock)
    sweep_for(clock, minutes=9)
    assert status_of(message) == "unknown"
    assert len(telephone.sent) == 4


@pytest.mark.parametrize("name", ["sample_code", "sample_call"])
def test_without_such_a_token_nothing_is_asked_again(
    channel: FakeChannel, clock: Clock, name: str
) -> None:
    message = put(name, to="+13045550123", not_after=AT + timedelta(minutes=10))
    lose(message, channel, clock)
    sweep_for(clock, minutes=5)
    assert status_of(message) == "unknown"
    assert len(channel.sent) == 1


def test_a_text_is_not_asked_for_again_even_by_a_channel_that_could(
    telephone: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code", to="+13045550123", not_after=AT + timedelta(minutes=10))
    lose(message, telephone, clock)
    sweep_for(clock, minutes=5)
    assert len(telephone.sent) == 1


@pytest.mark.parametrize(
    "second", [TransientRefusalError("Throttling"), PermanentRefusalError("InvalidParameter")]
)
def test_a_refusal_of_the_second_request_says_nothing_of_the_first(
    telephone: FakeChannel, clock: Clock, second: Exception
) -> None:
    message = call(clock)
    lose(message, telephone, clock)
    telephone.failures = [second]
    clock.forward(seconds=10)
    sweep(clock=clock)
    assert status_of(message) == "unknown"


@pytest.mark.parametrize(("seconds", "asked"), [(599, 2), (600, 1)])
def test_after_its_end_it_is_not_asked_for_any_more(
    telephone: FakeChannel, clock: Clock, seconds: int, asked: int
) -> None:
    message = call(clock)
    lose(message, telephone, clock)
    clock.at = AT + timedelta(seconds=seconds)
    sweep(clock=clock)
    deliver_message(message_id=message.id, clock=clock)
    assert len(telephone.sent) == asked


def test_a_call_that_was_answered_meanwhile_is_not_asked_for(
    telephone: FakeChannel, clock: Clock, minter: Minter
) -> None:
    message = call(clock)
    lose(message, telephone, clock)
    minter.wanted = False
    sweep_for(clock, minutes=1)
    minter.wanted = True
    sweep_for(clock, minutes=1)
    assert status_of(message) == "unknown"
    assert len(telephone.sent) == 1


def test_a_lost_worker_leaves_a_call_that_is_asked_for_again(
    telephone: FakeChannel, clock: Clock
) -> None:
    message = call(clock)
    OutboxMessage.objects.filter(pk=message.pk).update(
        status=MessageStatus.SENDING, attempts=1, claimed_at=AT
    )
    recover_stuck(at=clock.forward(seconds=60))
    sweep_for(clock, minutes=1)
    assert status_of(message) == "sent"
