"""Periodic work of staff roles."""

from celery import shared_task

from core.common.clock import now
from core.staff.services.elevating import end_elevations
from core.staff.services.purging import (
    end_due_roles,
    purge_elevations,
    purge_hands,
    purge_invitations,
    purge_letters,
)
from core.staff.services.token_reminders import remind_of_ends
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.staff.tasks.tidy", expires=3000)
def tidy() -> int:
    """End what is over, forget what is old, remind of tokens that end; twice is once."""
    at = now()
    return (
        end_elevations(at=at)
        + end_due_roles(at=at)
        + purge_elevations(at=at)
        + purge_invitations(at=at)
        + purge_hands(at=at)
        + purge_letters(at=at)
        + remind_of_ends(at=at)
    )
