"""A worker is killed while it hands a message over: nothing is lost, no code goes out twice."""

import os
import signal
import time
from uuid import UUID

import pytest
from django.db import connections

from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import STUCK_AFTER, deliver_message
from core.notifications.services.sweeping import sweep
from core.notifications.states import MessageStatus
from tests.integration.notifications.conftest import Clock, FakeChannel, Minter, put

pytestmark = pytest.mark.django_db(transaction=True)


def kill_a_worker_at_the_provider(
    message: OutboxMessage, channel: FakeChannel, clock: Clock
) -> None:
    """Deliver in a process of its own and kill it once the provider has been called."""
    heard, tell = os.pipe()
    connections.close_all()
    child = os.fork()
    if child == 0:

        def call_and_wait() -> None:
            os.write(tell, b"!")
            time.sleep(60)

        channel.before = call_and_wait
        try:
            deliver_message(message_id=message.id, clock=clock)
        finally:
            os._exit(1)
    assert os.read(heard, 1) == b"!"
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    os.close(heard)
    os.close(tell)


def test_a_code_stays_unknown_and_is_not_sent_again(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code")
    kill_a_worker_at_the_provider(message, channel, clock)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENDING

    assert deliver_message(message_id=message.id, clock=clock) is None, "the task comes again"
    clock.forward(seconds=59)
    sweep(clock=clock)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENDING, "perhaps the worker is only slow"

    clock.forward(seconds=2)
    assert sweep(clock=clock).recovered == 1
    clock.forward(hours=1)
    sweep(clock=clock)
    message.refresh_from_db()
    assert message.status == MessageStatus.UNKNOWN
    assert channel.sent == [], "the killed worker's call was the only one"
    assert minter.outcomes[-1][0] == MessageStatus.UNKNOWN


def test_a_link_is_minted_anew_and_sent(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_link")
    kill_a_worker_at_the_provider(message, channel, clock)
    clock.at += STUCK_AFTER
    assert sweep(clock=clock).recovered == 1
    clock.forward(minutes=1)
    sweep(clock=clock)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert message.attempts == 2
    assert len(channel.sent) == 1
    assert minter.moments == [clock.at], "its life runs from this hand-over"


def test_a_slow_worker_does_not_overwrite_a_later_attempt(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_link")

    def be_given_up() -> None:
        channel.before = lambda: None
        clock.forward(seconds=61)
        sweep(clock=clock)
        clock.forward(minutes=1)
        sweep(clock=clock)

    channel.before = be_given_up
    assert deliver_message(message_id=message.id, clock=clock) == MessageStatus.SENT
    message.refresh_from_db()
    assert message.attempts == 2
    assert message.provider_reference == "provider-1", "the second attempt's, which came first"


def test_a_slow_word_settles_a_code_that_was_given_up(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    message = put("sample_code")

    def be_given_up() -> None:
        clock.forward(seconds=61)
        sweep(clock=clock)
        assert OutboxMessage.objects.get(id=message.id).status == MessageStatus.UNKNOWN

    channel.before = be_given_up
    assert deliver_message(message_id=message.id, clock=clock) == MessageStatus.SENT
    assert len(channel.sent) == 1


def test_a_stuck_row_of_an_unknown_kind_holds_nothing_up(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    strange, message = put("sample_link"), put("sample_link")
    OutboxMessage.objects.filter(id=strange.id).update(
        kind="of_another_release", status="sending", claimed_at=clock.at
    )
    clock.forward(seconds=90)
    sweep(clock=clock)
    strange.refresh_from_db()
    message.refresh_from_db()
    assert (strange.status, message.status) == ("sending", "sent")
