"""Periodic work of provider groups."""

from celery import shared_task

from core.common.clock import now
from core.groups.services.purging import purge_invitations
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.groups.tasks.tidy", expires=3000)
def tidy() -> int:
    """Forget old invitations; hourly, twice is once."""
    return purge_invitations(at=now())
