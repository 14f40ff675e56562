"""What webhooks cost: sealing beside sealing without any, deliveries beside a plain loop."""

import statistics
import time
from collections.abc import Callable
from http.client import HTTPConnection

import pytest

from core.audit.recording import Happening, record_all
from core.audit.sealing import seal_events
from core.common import clock
from core.common.ids import uuid7
from core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from core.webhooks.payloads import body_of
from core.webhooks.services.delivering import take_endpoint, work_off
from core.webhooks.services.endpoints import EndpointFacts, make_endpoint
from core.webhooks.states import AttemptOutcome, DeliveryState, EndpointKind
from tests.support.receivers import Receiver, receiver, says

pytestmark = pytest.mark.django_db(transaction=True)
EVENT = "contract.suspended"
EVENTS, ROUNDS, MESSAGES = 2_000, 5, 150
STREAM_AT_LEAST, WEBHOOK_AT_LEAST, DELIVERY_AT_LEAST = 0.6, 0.2, 0.15
"""Of what it is without."""


def test_sealing_with_endpoints_beside_sealing_without() -> None:
    taken: dict[str, list[float]] = {"nothing": [], "a stream": [], "a webhook": []}
    for _ in range(ROUNDS):
        for name, times in taken.items():
            WebhookEndpoint.objects.all().delete()
            if name != "nothing":
                kind = EndpointKind.SIEM if name == "a stream" else EndpointKind.WEBHOOK
                endpoint_at("http://localhost:9/", kind)
            times.append(sealing())
    bare, stream, webhook = (EVENTS / statistics.median(times) for times in taken.values())
    print(
        f"\nsealed a second: {bare:,.0f} events without endpoints; with a stream {stream:,.0f} "
        f"({stream / bare:.2f} times, at least {STREAM_AT_LEAST}); with a webhook that asks for "
        f"each {webhook:,.0f} ({webhook / bare:.2f} times, at least {WEBHOOK_AT_LEAST})"
    )
    assert WebhookDelivery.objects.count() == EVENTS
    assert stream / bare >= STREAM_AT_LEAST
    assert webhook / bare >= WEBHOOK_AT_LEAST


def test_deliveries_beside_a_loop_that_posts_and_saves() -> None:
    with receiver(says(200)) as there:
        mine, plain = (endpoint_at(there.address, EndpointKind.WEBHOOK) for _ in range(2))
        sealing(MESSAGES)
        lease = take_endpoint(endpoint_id=mine.pk, at=clock.now())
        assert lease is not None
        ours = timed(lambda: work_off(lease=lease, clock=clock.now))
        stock = timed(lambda: post_all(there, plain))
    done = WebhookDelivery.objects.filter(state=DeliveryState.DELIVERED)
    assert [done.filter(endpoint=one).count() for one in (mine, plain)] == [MESSAGES] * 2
    print(
        f"\nmessages a second, each over a connection of its own: {MESSAGES / ours:,.0f}; by a "
        f"loop that posts and saves {MESSAGES / stock:,.0f}: {stock / ours:.2f} times (at least "
        f"{DELIVERY_AT_LEAST})"
    )
    assert stock / ours >= DELIVERY_AT_LEAST


def endpoint_at(address: str, kind: EndpointKind) -> WebhookEndpoint:
    """Return an endpoint of the whole deployment."""
    asked = (EVENT,) if kind == EndpointKind.WEBHOOK else ()
    facts = EndpointFacts("Probe", address, asked)
    made = make_endpoint(facts=facts, kind=kind, contract_id=None, by=uuid7(), at=clock.now())
    return made.endpoint


def sealing(events: int = EVENTS) -> float:
    """Record events in one chain; returns the seconds of sealing them."""
    contract = uuid7()
    record_all([Happening(EVENT, contract)] * events, at=clock.now())

    def seal() -> None:
        while seal_events(at=clock.now()):
            continue

    return timed(seal)


def post_all(there: Receiver, endpoint: WebhookEndpoint) -> None:
    """Send deliveries as one would at first: no lease, no look at the address, no limits."""
    for row in endpoint.deliveries.order_by("id"):
        post(there, row)


def post(there: Receiver, row: WebhookDelivery) -> None:
    body, at = body_of(row), clock.now()
    connection = HTTPConnection("localhost", there.port, timeout=10)
    connection.request("POST", "/hook", body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    row.state, row.delivered_at, row.status = DeliveryState.DELIVERED, at, status
    row.save()
    WebhookAttempt.objects.create(
        delivery=row, at=at, outcome=AttemptOutcome.TAKEN, status=status, milliseconds=0
    )


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
