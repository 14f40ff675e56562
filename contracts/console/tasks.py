"""What the console does by itself."""

from uuid import UUID

from celery import shared_task

from contracts.console.services.drafts import purge_drafts
from contracts.console.services.lifecycle import make_due_changes
from contracts.console.services.provisioning import resume_run
from contracts.console.services.waivers import announce_ending_waivers
from core.common.clock import now
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="contracts.console.tasks.announce_waivers")
def announce_waivers() -> None:
    """Tell the owners of waivers that end in 30 or 7 days."""
    announce_ending_waivers(at=now())


@shared_task(base=SharedTask, name="contracts.console.tasks.forget_drafts", expires=3000)
def forget_drafts() -> int:
    """Delete drafts that nobody has saved for long; hourly, twice is once."""
    return purge_drafts(at=now())


@shared_task(base=SharedTask, name="contracts.console.tasks.change_states")
def change_states() -> None:
    """Make the changes of contracts' states whose planned time has come."""
    make_due_changes(at=now())


@shared_task(base=SharedTask, name="contracts.console.tasks.resume_provisioning")
def resume_provisioning(run_id: str, by: str) -> None:
    """Go on with a run of provisioning where it stopped."""
    resume_run(run_id=UUID(run_id), by=UUID(by), at=now())
