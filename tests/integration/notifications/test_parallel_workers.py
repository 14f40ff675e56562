"""Several workers on real connections of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connections

from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import deliver_message
from core.notifications.services.sweeping import sweep
from core.notifications.states import MessageStatus
from tests.integration.notifications.conftest import Clock, FakeChannel, Minter, put

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 8
Result = TypeVar("Result")


def in_parallel(work: Callable[[], Result]) -> list[Result]:
    """Run `work` in eight threads that start together; returns what they returned."""
    start = threading.Barrier(WORKERS)

    def run(_: int) -> Result:
        try:
            start.wait(timeout=10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


@pytest.mark.parametrize("kind", ["sample_code", "sample_link"])
def test_one_row_is_handed_over_by_one_worker(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock, kind: str
) -> None:
    message = put(kind)
    results = in_parallel(lambda: deliver_message(message_id=message.id, clock=clock))
    assert sorted(map(str, results)) == ["None"] * (WORKERS - 1) + ["sent"]
    assert len(channel.sent) == 1


def test_no_worker_waits_for_another(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    """The second worker finds the row taken and goes on while the provider still thinks."""
    message = put("sample_code")
    at_the_provider, answer = threading.Event(), threading.Event()

    def think() -> None:
        at_the_provider.set()
        assert answer.wait(timeout=10)

    channel.before = think

    def deliver_elsewhere() -> MessageStatus | None:
        try:
            return deliver_message(message_id=message.id, clock=clock)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(deliver_elsewhere)
        assert at_the_provider.wait(timeout=10)
        assert deliver_message(message_id=message.id, clock=clock) is None
        answer.set()
        assert first.result(timeout=10) == "sent"
    assert len(channel.sent) == 1


def test_sweeps_beside_each_other_send_each_message_once(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    messages = [put("sample_link") for _ in range(20)]
    clock.forward(seconds=5)
    in_parallel(lambda: sweep(clock=clock))
    references = [reference for _, reference in channel.sent]
    assert sorted(references) == sorted(str(message.id) for message in messages)
    assert set(OutboxMessage.objects.values_list("status", flat=True)) == {"sent"}
