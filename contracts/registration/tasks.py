"""Periodic work of registration."""

from celery import shared_task

from contracts.registration.services import reservations
from core.common.clock import now
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="contracts.registration.tasks.release_expired")
def release_expired() -> int:
    """Release the registrations whose reservation has ended."""
    return reservations.release_expired(at=now())
