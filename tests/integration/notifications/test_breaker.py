"""A channel that fails in a row is left alone for a while, by all processes."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from core.audit.models import AuditEvent
from core.notifications.channels.base import (
    OutcomeUnknownError,
    PermanentRefusalError,
    TransientRefusalError,
)
from core.notifications.models import ChannelHealth, OutboxMessage
from core.notifications.selectors import delivery_is_late, list_down_channels
from core.notifications.services import breaker
from core.notifications.services.delivery import deliver_message
from core.notifications.services.sweeping import sweep
from tests.integration.notifications.conftest import Clock, FakeChannel, Minter, put
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
PROBLEM = TransientRefusalError("ThrottlingException")


@pytest.fixture(autouse=True)
def _nobody_is_told(minter: Minter, announced: list[UUID]) -> None:
    """Kinds that mint, and no delivery by itself."""


def fail(channel: FakeChannel, clock: Clock, *, times: int, error: Exception = PROBLEM) -> None:
    channel.failures = [error] * times
    for _ in range(times):
        deliver_message(message_id=put("sample_link", at=clock.at).id, clock=clock)
    assert channel.failures == []


def state_of(message: OutboxMessage) -> tuple[str, int]:
    message.refresh_from_db()
    return message.status, message.attempts


def test_it_opens_after_five_failures_in_a_row(channel: FakeChannel, clock: Clock) -> None:
    fail(channel, clock, times=4)
    assert list_down_channels() == frozenset()
    fail(channel, clock, times=1)
    assert list_down_channels() == {"email"}
    assert AuditEvent.objects.filter(event_type="channel.opened").count() == 1


@pytest.mark.parametrize(("seconds", "down"), [(60, True), (61, False)])
def test_failures_count_together_within_a_minute(
    channel: FakeChannel, clock: Clock, seconds: int, down: bool
) -> None:
    fail(channel, clock, times=4)
    clock.forward(seconds=seconds)
    fail(channel, clock, times=1)
    assert ("email" in list_down_channels()) is down


def test_a_success_ends_the_row(channel: FakeChannel, clock: Clock) -> None:
    fail(channel, clock, times=4)
    deliver_message(message_id=put("sample_link").id, clock=clock)
    fail(channel, clock, times=4)
    assert list_down_channels() == frozenset()


def test_a_lost_answer_is_a_failure_of_the_channel(channel: FakeChannel, clock: Clock) -> None:
    fail(channel, clock, times=5, error=OutcomeUnknownError("ReadTimeoutError"))
    assert list_down_channels() == {"email"}


@pytest.mark.parametrize(
    "error",
    [
        PermanentRefusalError("MessageRejected"),
        TransientRefusalError("MailFromDomainNotVerifiedException", of_channel=False),
    ],
)
def test_what_is_about_one_message_or_sender_does_not_close_the_way_for_others(
    channel: FakeChannel, clock: Clock, error: Exception
) -> None:
    fail(channel, clock, times=9, error=error)
    assert list_down_channels() == frozenset()


def test_while_it_is_open_nothing_is_handed_over_and_no_attempt_counted(
    channel: FakeChannel, clock: Clock
) -> None:
    fail(channel, clock, times=5)
    waiting = put("sample_link", at=clock.at)
    handed_over = len(channel.sent)
    clock.forward(seconds=29)
    assert deliver_message(message_id=waiting.id, clock=clock) == "queued"
    assert len(channel.sent) == handed_over
    assert state_of(waiting) == ("queued", 0)
    assert waiting.next_attempt_at > clock.at
    assert delivery_is_late(at=clock.at)


def test_other_channels_go_on(channel: FakeChannel, clock: Clock) -> None:
    fail(channel, clock, times=5)
    text = put("sample_code", to="+13045550123", at=clock.at)
    assert deliver_message(message_id=text.id, clock=clock) == "sent"


def test_after_half_a_minute_one_message_tries_and_closes_it(
    channel: FakeChannel, clock: Clock
) -> None:
    fail(channel, clock, times=5)
    clock.forward(seconds=30)
    tries = put("sample_link", at=clock.at)
    assert deliver_message(message_id=tries.id, clock=clock) == "sent"
    assert list_down_channels() == frozenset()
    assert AuditEvent.objects.filter(event_type="channel.closed").count() == 1


def test_a_probe_that_fails_keeps_it_open_for_twice_as_long(
    channel: FakeChannel, clock: Clock
) -> None:
    fail(channel, clock, times=5)
    for pause in (30, 60, 120, 240, 300, 300):
        clock.forward(seconds=pause - 1)
        early = put("sample_link", at=clock.at)
        before = len(channel.sent)
        deliver_message(message_id=early.id, clock=clock)
        assert len(channel.sent) == before
        clock.forward(seconds=1)
        fail(channel, clock, times=1)
    assert AuditEvent.objects.filter(event_type="channel.opened").count() == 1


def test_a_message_that_is_no_longer_wanted_gives_its_probe_back(
    channel: FakeChannel, clock: Clock, minter: Minter
) -> None:
    fail(channel, clock, times=5)
    clock.forward(seconds=30)
    minter.wanted = False
    assert deliver_message(message_id=put("sample_link").id, clock=clock) == "cancelled"
    minter.wanted = True
    assert deliver_message(message_id=put("sample_link").id, clock=clock) == "sent"


def test_a_probe_whose_worker_was_lost_is_given_to_another(clock: Clock) -> None:
    for _ in range(5):
        breaker.note_failure(channel="sms", at=clock.at)
    clock.forward(seconds=30)
    assert breaker.admit(channel="sms", at=clock.at).is_probe
    clock.forward(seconds=59)
    assert not breaker.admit(channel="sms", at=clock.at).admitted
    clock.forward(seconds=1)
    assert breaker.admit(channel="sms", at=clock.at).is_probe


def test_an_answer_to_what_was_asked_before_it_opened_does_not_close_it(clock: Clock) -> None:
    asked_at = clock.at
    clock.forward(seconds=1)
    for _ in range(5):
        breaker.note_failure(channel="sms", at=clock.at)
    breaker.note_answer(channel="sms", since=asked_at, at=clock.forward(seconds=1))
    assert list_down_channels() == {"sms"}


def test_what_waited_goes_out_by_the_sweeper_when_it_works_again(
    channel: FakeChannel, clock: Clock
) -> None:
    fail(channel, clock, times=5)
    clock.forward(minutes=2)
    for _ in range(3):
        sweep(clock=clock)
        clock.forward(seconds=10)
    assert set(OutboxMessage.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_has_the_probe(clock: Clock) -> None:
    with transaction.atomic():
        for _ in range(5):
            breaker.note_failure(channel="voice", at=clock.at)
    at = clock.at + timedelta(seconds=30)

    def claim(_place: int) -> bool:
        with transaction.atomic():
            return breaker.admit(channel="voice", at=at).admitted

    assert sum(at_once(8, claim)) == 1


def test_where_all_is_well_it_costs_one_statement(
    clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    list_down_channels()  # the connection finds its schema
    with django_assert_num_queries(1):
        assert breaker.admit(channel="email", at=clock.at).admitted
    with django_assert_num_queries(1):
        breaker.note_answer(channel="email", since=clock.at, at=clock.at)
    assert not ChannelHealth.objects.exists()
