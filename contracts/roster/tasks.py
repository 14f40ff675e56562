"""Background work of rosters."""

from typing import Any
from uuid import UUID

from celery import shared_task
from django.db.models import QuerySet

from contracts.roster.services.index import renew_index
from contracts.roster.services.leaving import watch_leaving
from contracts.roster.services.mailing_work import list_standing_still, work_on_mailing
from contracts.roster.services.mailings import (
    purge_mailings,
)
from contracts.roster.services.purging import purge_uploads
from contracts.roster.services.runs import run_upload
from contracts.roster.uploads.leases import list_waiting
from core.common.clock import now
from core.notifications.tasks import tell_workers
from tenants.celery import ContractTask, SharedTask
from tenants.each import in_each_contract


@shared_task(base=ContractTask, name="contracts.roster.tasks.work_on_upload")
def work_on_upload(upload_id: str, **_: object) -> None:
    """Check a roster file, or swap it in; a difference that is to be made again is."""
    if run_upload(upload_id=UUID(upload_id), clock=now):
        tell_workers(work_on_upload, upload_id)
    watch_leaving(at=now())


@shared_task(base=ContractTask, name="contracts.roster.tasks.make_mailing")
def make_mailing(mailing_id: str, **_: object) -> None:
    """Do the next turn of codes, letters or reminders, and stand at the end of the queue again."""
    if work_on_mailing(mailing_id=UUID(mailing_id), at=now()):
        tell_workers(make_mailing, mailing_id)


@shared_task(base=SharedTask, name="contracts.roster.tasks.take_up_mailings", expires=50)
def take_up_mailings() -> None:
    """Go on with mailings whose worker was lost; twice is once."""
    in_each_contract(lambda: _tell_of(make_mailing, list_standing_still(at=now())))


@shared_task(base=SharedTask, name="contracts.roster.tasks.take_up_uploads", expires=25)
def take_up_uploads() -> None:
    """Go on with files for which no living worker is; twice is once."""
    in_each_contract(lambda: _tell_of(work_on_upload, list_waiting(at=now())))


@shared_task(base=SharedTask, name="contracts.roster.tasks.purge", expires=3000)
def purge() -> int:
    """Forget files and differences that nobody needs any more; hourly, twice is once."""
    return in_each_contract(lambda: purge_uploads(at=now()) + purge_mailings(at=now()))


@shared_task(base=SharedTask, name="contracts.roster.tasks.renew_indexes", expires=3000)
def renew_indexes() -> int:
    """Publish contracts anew whose index follows from a rule that is not in force; hourly."""
    return in_each_contract(lambda: renew_index() is not None)


@shared_task(base=SharedTask, name="contracts.roster.tasks.watch", expires=3000)
def watch() -> int:
    """Tell of providers that left the roster, suspend those whose days are over; hourly."""
    return in_each_contract(lambda: watch_leaving(at=now()))


def _tell_of(task: Any, waiting: QuerySet[Any]) -> int:
    """Tell workers of what waits in the contract in hand; returns how much."""
    keys = list(waiting.values_list("id", flat=True))
    for key in keys:
        tell_workers(task, str(key))
    return len(keys)
