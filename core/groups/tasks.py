"""Background work of provider groups."""

from uuid import UUID

from celery import shared_task

from core.common.clock import now
from core.groups.services.access_grants import remind_of_ends
from core.groups.services.batches import invite_next, list_standing_still
from core.groups.services.grant_ends import end_due_grants
from core.groups.services.join_requests import end_overdue
from core.groups.services.purging import (
    purge_batches,
    purge_invitations,
    purge_join_requests,
    purge_office_registrations,
    purge_weeks,
)
from core.groups.services.recoveries import carry_out_due
from core.groups.services.review_watch import watch_reviews
from core.groups.services.weekly import make_weekly_mails
from core.notifications.tasks import tell_workers
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.groups.tasks.tidy", expires=3000)
def tidy() -> int:
    """Carry out and end what is due, remind of what ends soon, forget what ended long ago.

    Hourly; twice is once.
    """
    at = now()
    due = carry_out_due(at=at) + end_overdue(at=at)
    due += end_due_grants(at=at) + remind_of_ends(at=at)
    purges = (
        purge_batches,
        purge_invitations,
        purge_join_requests,
        purge_office_registrations,
        purge_weeks,
    )
    return due + sum(purge(at=at) for purge in purges)


@shared_task(base=SharedTask, name="core.groups.tasks.invite_batch")
def invite_batch(batch_id: str, **_: object) -> None:
    """Invite the next few of a batch, and stand at the end of the queue for the others.

    In between the workers hand over what waits: nobody's code stands behind a thousand invitations.
    """
    if invite_next(batch_id=UUID(batch_id), at=now()):
        tell_workers(invite_batch, batch_id)


@shared_task(base=SharedTask, name="core.groups.tasks.review_access", expires=3000)
def review_access() -> None:
    """Tell admins which roles are to be confirmed, and end those that nobody confirmed."""
    watch_reviews(at=now())


@shared_task(base=SharedTask, name="core.groups.tasks.send_weekly_mails", expires=3000)
def send_weekly_mails() -> None:
    """Write the weekly mails of the admins for whom it is Monday morning."""
    make_weekly_mails(at=now())


@shared_task(base=SharedTask, name="core.groups.tasks.take_up_batches", expires=50)
def take_up_batches() -> None:
    """Go on with batches whose worker was lost; every minute, twice is once."""
    for batch_id in list_standing_still(at=now()):
        tell_workers(invite_batch, str(batch_id))
