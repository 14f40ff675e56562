"""Periodic work of provider groups."""

from celery import shared_task

from core.common.clock import now
from core.groups.services.join_requests import end_overdue
from core.groups.services.purging import purge_invitations, purge_join_requests
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.groups.tasks.tidy", expires=3000)
def tidy() -> int:
    """End overdue requests to join, forget old ones and old invitations; hourly, twice is once."""
    at = now()
    return end_overdue(at=at) + purge_invitations(at=at) + purge_join_requests(at=at)
