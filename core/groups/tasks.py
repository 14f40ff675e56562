"""Periodic work of provider groups."""

from celery import shared_task

from core.common.clock import now
from core.groups.services.join_requests import end_overdue
from core.groups.services.purging import purge_invitations, purge_join_requests
from core.groups.services.recoveries import carry_out_due
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.groups.tasks.tidy", expires=3000)
def tidy() -> int:
    """Carry out and end requests that are due, forget old ones and old invitations.

    Hourly; twice is once.
    """
    at = now()
    due = carry_out_due(at=at) + end_overdue(at=at)
    return due + purge_invitations(at=at) + purge_join_requests(at=at)
