"""Many workers, lost workers, and receivers that take their time."""

import os
import signal
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler

import pytest
from django.db import connections

from core.webhooks import sending
from core.webhooks.models import WebhookDelivery
from core.webhooks.sending import Sent
from core.webhooks.services import delivering
from core.webhooks.services.delivering import LEASE, take_endpoint, work_off
from core.webhooks.services.turns import deliver_due
from core.webhooks.states import DeliveryState
from tests.integration.webhooks.conftest import (
    Clock,
    deliver,
    deliveries_of,
    happen,
    make,
    seal,
)
from tests.support.receivers import Received, receiver, says
from tests.support.threads import at_once

FINE = says(200)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_make_one_request_at_a_time(clock: Clock) -> None:
    with receiver(FINE) as there:
        endpoint = make(there).endpoint
        seal(*[happen() for _ in range(10)])
        at_once(6, lambda _place: deliver(endpoint, clock))
        deliver(endpoint, clock)
    assert there.most_at_once == 1
    assert len(there.ids) == len(set(there.ids)) == 10


@pytest.mark.django_db
def test_a_worker_whose_lease_is_over_sends_nothing_more(clock: Clock) -> None:
    with receiver(FINE) as there:
        endpoint = make(there).endpoint
        seal(happen())
        first = take_endpoint(endpoint_id=endpoint.pk, at=clock())
        assert first is not None
        assert take_endpoint(endpoint_id=endpoint.pk, at=clock()) is None
        assert take_endpoint(endpoint_id=endpoint.pk, at=clock() + LEASE) is not None
        assert work_off(lease=first, clock=clock) == 0
    assert there.received == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_mid_delivery_loses_nothing(clock: Clock) -> None:
    came = threading.Event()
    go_on = threading.Event()

    def hang(received: Received, handler: BaseHTTPRequestHandler) -> None:
        came.set()
        go_on.wait(30)
        FINE(received, handler)

    with receiver(hang) as there:
        endpoint = make(there).endpoint
        seal(happen())
        connections.close_all()
        child = os.fork()
        if child == 0:
            try:
                deliver(endpoint, clock)
            finally:
                os._exit(1)
        assert came.wait(30)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        go_on.set()
        assert deliver(endpoint, clock) == 0, "perhaps the worker is only slow"
        clock.forward(seconds=LEASE.total_seconds())
        assert deliver(endpoint, clock) == 1
    assert len(there.ids) == 2
    assert len(set(there.ids)) == 1, "the receiver can tell that it is the same"
    (row,) = deliveries_of(endpoint)
    assert row.state == DeliveryState.DELIVERED
    assert [one.outcome for one in row.attempts.order_by("id")] == ["lost", "taken"]


@pytest.mark.django_db
def test_what_loses_worker_after_worker_waits_like_what_fails(clock: Clock) -> None:
    with receiver(FINE) as there:
        endpoint = make(there).endpoint
        seal(happen(), happen())
        first, second = deliveries_of(endpoint)
        # As two workers leave it that were lost with it
        WebhookDelivery.objects.filter(pk=first.pk).update(state=DeliveryState.SENDING, tries=2)
        assert deliver(endpoint, clock) == 0
        first.refresh_from_db()
        endpoint.refresh_from_db()
        assert (first.state, first.outcome) == (DeliveryState.WAITING, "lost")
        assert endpoint.rests_until is not None
        assert first.due_at > endpoint.rests_until
        clock.at = endpoint.rests_until
        assert deliver(endpoint, clock) == 1
        assert [str(second.message_id)] == there.ids


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_our_own_at_one_endpoint_holds_up_no_other(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with receiver(FINE) as there:
        odd, good = make(there).endpoint, make(there).endpoint
        seal(happen())
        real = sending.send

        def send(delivery: WebhookDelivery, *, at: datetime) -> Sent:
            if delivery.endpoint_id == odd.pk:
                raise ValueError("odd row")
            return real(delivery, at=at)

        monkeypatch.setattr(delivering, "send", send)
        assert deliver_due(clock=clock) == 1
        assert "odd row" in caplog.text
        assert deliveries_of(good)[0].state == DeliveryState.DELIVERED
        assert take_endpoint(endpoint_id=odd.pk, at=clock()) is None, "it rests"


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_holds_up_no_other(clock: Clock) -> None:
    """The others are through while the slow one has not answered yet."""
    others_done = threading.Event()

    def waits(came: Received, handler: BaseHTTPRequestHandler) -> None:
        others_done.wait(9)
        FINE(came, handler)

    def work() -> None:
        deliver_due(clock=clock)
        connections.close_all()

    with receiver(waits) as slow, receiver(FINE) as quick:
        make(slow)
        make(quick)
        seal(*[happen() for _ in range(3)])
        worker = threading.Thread(target=work)
        worker.start()
        deadline = time.monotonic() + 60
        while len(quick.received) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(quick.received) == 3
        assert len(slow.received) == 1
        others_done.set()
        worker.join()
    assert len(slow.received) == 3
