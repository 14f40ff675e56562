"""Deliver what waits: one request at a time for each endpoint, many endpoints at a time.

Whoever takes an endpoint in hand holds a lease on it. Three steps for each delivery: claim (one
transaction: renew the lease, mark the row), send (no transaction), settle (one transaction: the
outcome, the attempt, what follows for the endpoint). A worker that dies leaves a lease that ends,
and a row that says that it was being sent; the next worker sends it again, under the same id.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core.common.ids import uuid7
from core.webhooks.backoff import FAILS_FOR, asked_delay, delay_after, rest_after
from core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from core.webhooks.selectors import find_next_delivery
from core.webhooks.sending import Sent, send
from core.webhooks.services.endpoints import hold_endpoint
from core.webhooks.services.recording import record_act
from core.webhooks.services.telling import tell_owners
from core.webhooks.states import STEPS, AttemptOutcome, DeliveryState, EndpointState

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

LEASE: Final = timedelta(seconds=60)
"""Longer than any request takes with its name's look-up (`core.webhooks.addresses`)."""
TURN: Final = timedelta(seconds=20)
"""How long one endpoint is worked off before others have their turn. Own figure."""
_LOST_BY_CHANCE: Final = 1
"""What a second worker is lost with waits like what fails: it may be what ends them."""


@dataclass(frozen=True)
class Lease:
    """An endpoint in a worker's hands."""

    endpoint_id: UUID
    key: UUID


def take_endpoint(*, endpoint_id: UUID, at: datetime) -> Lease | None:
    """Take an endpoint in hand; None when another worker has it, or nothing is sent to it."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id, state=EndpointState.ACTIVE)
    free = rows.filter(Q(leased_until=None) | Q(leased_until__lte=at))
    key = uuid7()
    # One statement: of two workers the second finds the row changed.
    taken = free.update(lease=key, leased_until=at + LEASE)
    return Lease(endpoint_id, key) if taken else None


def work_off(*, lease: Lease, clock: Clock) -> int:
    """Send what is due to an endpoint, until one fails or its turn is over; returns how many.

    Called by workers with a lease, which is given back at the end. After a fault of our own it is
    not: until it ends the endpoint rests, and does not fail again at once.
    """
    until, sent_rows = clock() + TURN, 0
    while clock() < until and (delivery := _claim(lease, at=clock())) is not None:
        sent = send(delivery, at=clock())
        _settle(lease, delivery, sent, at=clock())
        sent_rows += 1
        if sent.outcome is not AttemptOutcome.TAKEN:
            break
    _give_back(lease)
    return sent_rows


def _give_back(lease: Lease) -> None:
    rows = WebhookEndpoint.objects.filter(pk=lease.endpoint_id, lease=lease.key)
    rows.update(lease=None, leased_until=None)


def _held(lease: Lease) -> WebhookEndpoint | None:
    """Return the endpoint, locked, while the lease is ours."""
    return hold_endpoint(WebhookEndpoint.objects.filter(pk=lease.endpoint_id, lease=lease.key))


def _claim(lease: Lease, *, at: datetime) -> WebhookDelivery | None:
    # Durable: the mark must be on disk before the receiver hears anything.
    with transaction.atomic(durable=True):
        endpoint = _held(lease)
        if endpoint is None or not endpoint.is_active:
            return None
        delivery = find_next_delivery(endpoint, at=at)
        if delivery is None:
            return None
        if delivery.state == DeliveryState.SENDING:
            lost = Sent(AttemptOutcome.LOST, milliseconds=0)
            _write_attempt(delivery, lost, at=at)
            if delivery.tries > _LOST_BY_CHANCE:
                _note_failure(endpoint, delivery, lost, at=at)
                return None
        endpoint.leased_until = at + LEASE
        endpoint.save(update_fields=["leased_until"])
        delivery.endpoint = endpoint
        delivery.state, delivery.attempted_at = DeliveryState.SENDING, at
        delivery.tries += 1
        delivery.save(update_fields=["state", "attempted_at", "tries"])
        return delivery


def _settle(lease: Lease, delivery: WebhookDelivery, sent: Sent, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        endpoint = _held(lease)
        rows = WebhookDelivery.objects.select_for_update().filter(pk=delivery.pk)
        row = rows.first() if endpoint is not None else None
        if endpoint is None or row is None or row.state != DeliveryState.SENDING:
            logger.warning("delivery %s was settled by another worker", delivery.message_id)
            return
        _write_attempt(row, sent, at=at)
        if sent.outcome is AttemptOutcome.TAKEN:
            _note_success(endpoint, row, sent, at=at)
        else:
            _note_failure(endpoint, row, sent, at=at)


def _write_attempt(row: WebhookDelivery, sent: Sent, *, at: datetime) -> None:
    WebhookAttempt.objects.create(
        delivery=row,
        at=row.attempted_at or at,
        outcome=sent.outcome,
        status=sent.status,
        detail=sent.detail,
        address=sent.address,
        milliseconds=sent.milliseconds,
        answer=sent.answer,
    )


def _note_success(
    endpoint: WebhookEndpoint, row: WebhookDelivery, sent: Sent, *, at: datetime
) -> None:
    row.delivered_at = at
    _save(row, DeliveryState.DELIVERED, sent)
    endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None
    endpoint.last_delivered_at = at
    endpoint.save(update_fields=["failures", "failing_since", "rests_until", "last_delivered_at"])


def _note_failure(
    endpoint: WebhookEndpoint, row: WebhookDelivery, sent: Sent, *, at: datetime
) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or at
    rest = max(rest_after(endpoint.failures), asked_delay(sent.retry_after, at=at))
    endpoint.rests_until = at + rest
    # A stream loses nothing: what cannot be sent stays at its head until somebody pauses it.
    delay = rest if endpoint.is_siem else delay_after(row.tries)
    row.due_at = at + (delay or timedelta(0))
    state = DeliveryState.WAITING if delay is not None else DeliveryState.DEAD
    _save(row, state, sent)
    fails_for_long = at - endpoint.failing_since >= FAILS_FOR
    if fails_for_long or sent.outcome is AttemptOutcome.GONE:
        _pause(endpoint, sent, at=at)
    endpoint.save(
        update_fields=["failures", "failing_since", "rests_until", "state", "state_since"]
    )


def _save(row: WebhookDelivery, state: DeliveryState, sent: Sent) -> None:
    assert state in STEPS[DeliveryState(row.state)]  # noqa: S101 - of our own making
    row.state, row.outcome, row.status = state, sent.outcome, sent.status
    row.save(update_fields=["state", "outcome", "status", "due_at", "delivered_at"])


def _pause(endpoint: WebhookEndpoint, sent: Sent, *, at: datetime) -> None:
    """Stop sending: nobody listens. Who looks after the endpoint is told."""
    endpoint.state, endpoint.state_since = EndpointState.FAILED, at
    told = {"outcome": str(sent.outcome), "failures": endpoint.failures}
    record_act(endpoint, "paused", told, result="failures", at=at)
    tell_owners(endpoint, at=at)
