"""Periodic work of disputes."""

from celery import shared_task

from contracts.disputes.services import disputes
from core.common.clock import now
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="contracts.disputes.tasks.purge", expires=3000)
def purge() -> int:
    """Forget disputes that were decided long ago; hourly, twice is once."""
    return disputes.purge_disputes(at=now())
