"""Send again what was delivered or given up: one delivery, or an endpoint's since a moment."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.services.recording import record_act
from core.webhooks.states import DeliveryState

MOST_AT_ONCE: Final = 10_000
"""Deliveries of one act, the oldest first; who needs more asks again. Own figure."""
_SETTLED: Final = (DeliveryState.DELIVERED, DeliveryState.DEAD)


@transaction.atomic
def replay_delivery(*, delivery_id: int, reason: str, by: UUID, at: datetime) -> bool:
    """Put a delivery back into the queue, under the same id. False: it waits there already.

    Called by staff (`core.webhooks.access`). Records `webhook.replayed`.
    """
    rows = WebhookDelivery.objects.filter(pk=delivery_id)
    return _replay(rows, reason=reason, by=by, at=at) == 1


@transaction.atomic
def replay_deliveries(
    *,
    endpoint: WebhookEndpoint,
    since: datetime,
    only_dead: bool,
    reason: str,
    by: UUID,
    at: datetime,
) -> int:
    """Put an endpoint's deliveries since a moment back into the queue; returns how many.

    Called by staff. Of two at once each takes what the other has not. Records `webhook.replayed`.
    """
    states = (DeliveryState.DEAD,) if only_dead else _SETTLED
    rows = WebhookDelivery.objects.filter(
        endpoint=endpoint, created_at__gte=since, state__in=states
    )
    return _replay(rows, reason=reason, by=by, at=at)


def _replay(rows: QuerySet[WebhookDelivery], *, reason: str, by: UUID, at: datetime) -> int:
    settled = rows.filter(state__in=_SETTLED).select_for_update(skip_locked=True, of=("self",))
    found = list(settled.select_related("endpoint").order_by("id")[:MOST_AT_ONCE])
    if not found:
        return 0
    WebhookDelivery.objects.filter(pk__in=[one.pk for one in found]).update(
        state=DeliveryState.WAITING, due_at=at, tries=0, replays=F("replays") + 1
    )
    told = {"deliveries": len(found), "reason": reason, "first": str(found[0].message_id)}
    record_act(found[0].endpoint, "replayed", told, by=by, at=at)
    return len(found)
