"""What the console does by itself."""

from uuid import UUID

from celery import shared_task

from contracts.console.services.carrying_out import carry_out, list_due
from contracts.console.services.data_exports import (
    list_exports_standing_still,
    make_export,
    purge_exports,
)
from contracts.console.services.drafts import purge_drafts
from contracts.console.services.figures import keep_figures
from contracts.console.services.host_checks import (
    check_due_hosts,
    has_waiting_hosts,
    purge_checks,
)
from contracts.console.services.lifecycle import make_due_changes
from contracts.console.services.logos import purge_logos
from contracts.console.services.previews import purge_preview_links
from contracts.console.services.provisioning import purge_runs, resume_run
from contracts.console.services.publications import expire_publications, purge_publications
from contracts.console.services.reach import check_reach
from contracts.console.services.waivers import announce_ending_waivers
from core.common.clock import now
from core.notifications.services.sender_checks import (
    check_due_senders,
    purge_sender_checks,
)
from core.notifications.tasks import tell_workers
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="contracts.console.tasks.announce_waivers")
def announce_waivers() -> None:
    """Tell the owners of waivers that end in 30 or 7 days."""
    announce_ending_waivers(at=now())


@shared_task(base=SharedTask, name="contracts.console.tasks.forget_drafts", expires=3000)
def forget_drafts() -> int:
    """Delete drafts that nobody saves, and publications, links, exports, checks, runs: all over.

    After them the logos that no document names any more. Hourly; twice is once.
    """
    at = now()
    done = purge_drafts(at=at) + purge_publications(at=at) + purge_preview_links(at=at)
    done += purge_checks(at=at) + purge_sender_checks(at=at) + purge_runs(at=at)
    return done + purge_exports(at=at) + purge_logos(at=at)


@shared_task(base=SharedTask, name="contracts.console.tasks.change_states")
def change_states() -> None:
    """Make the changes of contracts' states whose planned time has come."""
    make_due_changes(at=now())


@shared_task(base=SharedTask, name="contracts.console.tasks.resume_provisioning")
def resume_provisioning(run_id: str, by: str) -> None:
    """Go on with a run of provisioning where it stopped."""
    if slug := resume_run(run_id=UUID(run_id), by=UUID(by), at=now()):
        check_new_hosts(slug)


@shared_task(base=SharedTask, name="contracts.console.tasks.carry_out_publication")
def carry_out_publication(publication_id: str, **_: object) -> None:
    """Publish what waits, if it is due; what a lost worker has left is taken up again."""
    if slug := carry_out(publication_id=UUID(publication_id), at=now()):
        check_new_hosts(slug)


@shared_task(base=SharedTask, name="contracts.console.tasks.make_data_export")
def make_data_export(export_id: str, **_: object) -> None:
    """Write the file of a data export; one that another worker has is left to it."""
    make_export(export_id=UUID(export_id), clock=now)


@shared_task(base=SharedTask, name="contracts.console.tasks.take_up_exports", expires=50)
def take_up_exports() -> None:
    """Have data exports made whose worker was lost; twice is once."""
    for export in list_exports_standing_still(at=now()):
        tell_workers(make_data_export, str(export.pk))


@shared_task(base=SharedTask, name="contracts.console.tasks.publish_due", expires=50)
def publish_due() -> None:
    """Have everything published that is due, and end what nobody approved; twice is once."""
    at = now()
    expire_publications(at=at)
    for publication_id in list_due(at=at):
        tell_workers(carry_out_publication, str(publication_id))


@shared_task(base=SharedTask, name="contracts.console.tasks.keep_daily_figures")
def keep_daily_figures() -> int:
    """Keep the figures of the day that has ended; nightly, twice is once."""
    return keep_figures(at=now())


@shared_task(base=SharedTask, name="contracts.console.tasks.check_reachability", expires=280)
def check_reachability() -> int:
    """Ask hosts whether they lead here, and providers how senders stand: what is due."""
    # Asking hosts takes a while: the senders are asked afterwards at a moment of their own. They
    # are asked also when a host could not be checked, which the record of the task shows.
    try:
        hosts = check_due_hosts(at=now())
    finally:
        senders = check_due_senders(at=now())
    return hosts + senders


@shared_task(base=SharedTask, name="contracts.console.tasks.check_contract", expires=120)
def check_contract(slug: str) -> None:
    """Ask about the hosts and senders of one contract now."""
    check_reach(slug)


def check_new_hosts(slug: str) -> None:
    """Have a worker ask a contract's hosts at once while links wait for one of them.

    Called after a publication, outside of its transaction. Without a broker the check that runs
    every five minutes finds them.
    """
    if has_waiting_hosts(slug):
        tell_workers(check_contract, slug)
