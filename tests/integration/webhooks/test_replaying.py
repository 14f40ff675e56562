"""Sent again, under the same id, when somebody asks for it."""

from datetime import timedelta

import pytest

from core.audit.models import AuditEvent
from core.webhooks.models import WebhookDelivery
from core.webhooks.services.purging import tidy_webhooks
from core.webhooks.services.replaying import replay_deliveries, replay_delivery
from core.webhooks.states import DeliveryState
from tests.integration.webhooks.conftest import (
    MAKER,
    START,
    Clock,
    deliver,
    deliveries_of,
    happen,
    make,
    seal,
)
from tests.support.receivers import receiver, says
from tests.support.threads import at_once


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.django_db
def test_a_replay_is_the_same_message_once_more(clock: Clock) -> None:
    with receiver(says(200)) as there:
        endpoint = make(there).endpoint
        seal(happen(), happen())
        deliver(endpoint, clock)
        (first, _) = deliveries_of(endpoint)
        assert replay_delivery(delivery_id=first.pk, reason="lost", by=MAKER, at=clock())
        assert not replay_delivery(delivery_id=first.pk, reason="lost", by=MAKER, at=clock())
        deliver(endpoint, clock)
    assert there.ids.count(str(first.message_id)) == 2
    assert len({one.body for one in there.received}) == 2
    event = AuditEvent.objects.get(event_type="webhook.replayed")
    assert (event.actor_id, event.data["reason"], event.data["deliveries"]) == (MAKER, "lost", 1)


@pytest.mark.django_db(transaction=True)
def test_two_replays_at_once_send_each_delivery_once_more(clock: Clock) -> None:
    with receiver(says(200)) as there:
        endpoint = make(there).endpoint
        seal(*[happen() for _ in range(6)])
        deliver(endpoint, clock)

        def replay(_place: int) -> int:
            return replay_deliveries(
                endpoint=endpoint,
                since=START,
                only_dead=False,
                reason="restored",
                by=MAKER,
                at=clock(),
            )

        assert sum(at_once(4, replay)) == 6
        deliver(endpoint, clock)
    assert [there.ids.count(one) for one in set(there.ids)] == [2] * 6


@pytest.mark.django_db
def test_since_a_moment_and_only_what_was_given_up(clock: Clock) -> None:
    endpoint = make().endpoint
    seal(*[happen() for _ in range(3)])
    rows = deliveries_of(endpoint)
    WebhookDelivery.objects.update(state=DeliveryState.DELIVERED)
    WebhookDelivery.objects.filter(pk=rows[0].pk).update(created_at=START - timedelta(days=1))
    WebhookDelivery.objects.filter(pk=rows[2].pk).update(state=DeliveryState.DEAD)
    asked = {"endpoint": endpoint, "reason": "x", "by": MAKER, "at": clock()}
    assert replay_deliveries(since=START, only_dead=True, **asked) == 1  # type: ignore[arg-type]
    assert replay_deliveries(since=START, only_dead=False, **asked) == 1  # type: ignore[arg-type]
    states = [one.state for one in deliveries_of(endpoint)]
    assert states == ["delivered", "waiting", "waiting"]


@pytest.mark.django_db
def test_what_is_old_goes_and_what_waits_stays_for_longer(clock: Clock) -> None:
    endpoint = make().endpoint
    seal(happen(), happen())
    settled, _ = deliveries_of(endpoint)
    WebhookDelivery.objects.filter(pk=settled.pk).update(state=DeliveryState.DELIVERED)
    assert tidy_webhooks(at=START + timedelta(days=29)) == 0
    late = {"delivered_at": START + timedelta(days=29)}
    WebhookDelivery.objects.filter(pk=settled.pk).update(**late)
    assert tidy_webhooks(at=START + timedelta(days=31)) == 0, "it has just arrived"
    WebhookDelivery.objects.filter(pk=settled.pk).update(delivered_at=START)
    assert tidy_webhooks(at=START + timedelta(days=31)) == 1
    assert not AuditEvent.objects.filter(event_type="webhook.dropped").exists()
    assert tidy_webhooks(at=START + timedelta(days=91)) == 1
    dropped = AuditEvent.objects.get(event_type="webhook.dropped")
    assert (dropped.subject_id, dropped.data["deliveries"]) == (endpoint.pk, 1)
