"""Reads of endpoints, deliveries and attempts. Who may see what: `core.webhooks.access`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from core.webhooks.states import OPEN, DeliveryState, EndpointKind, EndpointState


def list_endpoints() -> QuerySet[WebhookEndpoint]:
    """Return all endpoints with their contracts, by name."""
    return WebhookEndpoint.objects.select_related("contract").order_by("name", "id")


def list_due_endpoints(*, at: datetime) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints to which something can be sent now, who has waited longest first."""
    open_rows = WebhookDelivery.objects.filter(
        endpoint=OuterRef("pk"), state__in=OPEN, due_at__lte=at
    )
    return (
        WebhookEndpoint.objects.filter(state=EndpointState.ACTIVE)
        .filter(Q(leased_until=None) | Q(leased_until__lte=at))
        .filter(Q(rests_until=None) | Q(rests_until__lte=at))
        .filter(Exists(open_rows))
        .order_by("last_delivered_at", "id")
    )


def count_at_work(*, at: datetime) -> int:
    """Return how many endpoints a worker has in hand."""
    return WebhookEndpoint.objects.filter(leased_until__gt=at).count()


def find_next_delivery(endpoint: WebhookEndpoint, *, at: datetime) -> WebhookDelivery | None:
    """Return what is to be sent next, locked; None when nothing is due.

    Of a stream the first that is open and no other: what is behind it waits for it.
    """
    rows = WebhookDelivery.objects.select_for_update(of=("self",)).filter(
        endpoint=endpoint, state__in=OPEN
    )
    if endpoint.kind == EndpointKind.SIEM:
        first = rows.order_by("id").first()
        return first if first is not None and first.due_at <= at else None
    return rows.filter(due_at__lte=at).order_by("due_at", "id").first()


@dataclass(frozen=True)
class Narrowing:
    """What a list of deliveries is narrowed to; empty: nothing."""

    state: str = ""
    event_type: str = ""


def list_deliveries(
    endpoint: WebhookEndpoint, narrowing: Narrowing = Narrowing()
) -> QuerySet[WebhookDelivery]:
    """Return the deliveries of an endpoint, the newest first."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint)
    if narrowing.state:
        rows = rows.filter(state=narrowing.state)
    if narrowing.event_type:
        rows = rows.filter(event_type=narrowing.event_type)
    return rows.order_by("-id")


def list_attempts(delivery: WebhookDelivery) -> QuerySet[WebhookAttempt]:
    """Return the attempts of a delivery, the newest first."""
    return WebhookAttempt.objects.filter(delivery=delivery).order_by("-at", "-id")


@dataclass(frozen=True)
class Backlog:
    """What waits for an endpoint, and what was given up."""

    waiting: int = 0
    dead: int = 0
    oldest_at: datetime | None = None
    newest_at: datetime | None = None
    """When the last delivery of any kind was written."""


def backlogs_of(endpoint_ids: list[UUID]) -> dict[UUID, Backlog]:
    """Return the backlog of each endpoint that has deliveries (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_BACKLOGS, [list(OPEN), DeliveryState.DEAD, list(OPEN), endpoint_ids])
        return {key: Backlog(*numbers) for key, *numbers in cursor.fetchall()}


# Django takes longer to put this together than the database to answer it (ADR 0020).
_BACKLOGS: Final = """
    SELECT endpoint_id,
           count(*) FILTER (WHERE state = ANY(%s)),
           count(*) FILTER (WHERE state = %s),
           min(created_at) FILTER (WHERE state = ANY(%s)),
           max(created_at)
    FROM core_webhooks_webhookdelivery WHERE endpoint_id = ANY(%s) GROUP BY endpoint_id
"""
