"""How long deliveries are kept, and the upkeep of secrets. Own figures."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Max
from django.db.models.functions import Coalesce

from core.audit.recording import record_all
from core.common.crypto import SealBrokenError, newest_seal_prefix
from core.common.purging import delete_in_batches, in_batches
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.secrets import reseal
from core.webhooks.services.recording import happening_at
from core.webhooks.states import OPEN

logger = logging.getLogger(__name__)

SETTLED_KEPT: Final = timedelta(days=30)
"""Since they arrived or were given up. So far back can be replayed; the audit goes on."""
OPEN_KEPT: Final = timedelta(days=90)
"""For endpoints that stay paused: who comes back after that begins anew."""


def tidy_webhooks(*, at: datetime) -> int:
    """Delete old deliveries, forget former secrets, seal anew what older keys sealed.

    Called by the hourly task; returns how many rows were deleted. Records `webhook.dropped` for
    those that never arrived: of a stream there is a hole then, and this says where it is.
    """
    settled_at = Coalesce("delivered_at", "attempted_at", "created_at")
    old = WebhookDelivery.objects.filter(created_at__lt=at - SETTLED_KEPT)
    settled = old.exclude(state__in=OPEN).annotate(settled_at=settled_at)
    done = delete_in_batches(settled.filter(settled_at__lt=at - SETTLED_KEPT))
    waited = WebhookDelivery.objects.filter(state__in=OPEN, created_at__lt=at - OPEN_KEPT)
    done += in_batches(waited, lambda keys: _drop(keys, at=at))
    WebhookEndpoint.objects.filter(former_secret_ends_at__lte=at).update(
        sealed_former_secret=None, former_secret_ends_at=None
    )
    _reseal()
    return done


def _drop(keys: list[int], *, at: datetime) -> None:
    """Delete deliveries that wait for nobody, and record how many each endpoint loses."""
    rows = WebhookDelivery.objects.filter(pk__in=keys).order_by()
    lost = {
        row["endpoint"]: {"deliveries": row["deliveries"], "until": row["until"].isoformat()}
        for row in rows.values("endpoint").annotate(deliveries=Count("pk"), until=Max("created_at"))
    }
    endpoints = WebhookEndpoint.objects.in_bulk(lost)
    record_all([happening_at(endpoints[key], "dropped", lost[key]) for key in lost], at=at)
    rows.delete()


def _reseal() -> None:
    older = WebhookEndpoint.objects.filter(sealed_secret__lt=newest_seal_prefix())
    for endpoint in older:
        try:
            renewed = reseal(endpoint)
        except (KeyError, SealBrokenError):
            logger.exception("webhook %s: its secrets cannot be opened", endpoint.pk)
            continue
        # Only as they were: somebody may rotate at this moment.
        same = {name: bytes(getattr(endpoint, name)) for name in renewed}
        WebhookEndpoint.objects.filter(pk=endpoint.pk, **same).update(**renewed)
