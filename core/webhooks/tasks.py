"""Periodic work of webhooks."""

from celery import shared_task

from core.common.clock import now
from core.webhooks.services.purging import tidy_webhooks
from core.webhooks.services.turns import deliver_due
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.webhooks.tasks.deliver", expires=4)
def deliver(**_: object) -> None:
    """Send what is due to webhooks and SIEM streams."""
    deliver_due(clock=now)


@shared_task(base=SharedTask, name="core.webhooks.tasks.tidy", expires=3000)
def tidy(**_: object) -> None:
    """Forget deliveries that nobody replays any more, and former secrets."""
    tidy_webhooks(at=now())
