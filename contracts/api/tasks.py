"""Periodic work of the API."""

from celery import shared_task

from contracts.api.once import purge_answers
from core.common.clock import now
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="contracts.api.tasks.tidy", expires=3000)
def tidy() -> int:
    """Delete answers that were kept for a day; twice is once."""
    return purge_answers(at=now())
