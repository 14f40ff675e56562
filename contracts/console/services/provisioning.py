"""Take up a run of provisioning that was interrupted."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.console.services.publishing import publish
from core.audit.recording import record
from core.common.purging import delete_in_batches
from tenants.configuration.document import ContractDocument
from tenants.models import ProvisioningRun
from tenants.provisioning_runs import settle_runs

RUNS_KEPT: Final = timedelta(days=90)
"""Own figure, as of publications: what became of a run stands in the audit for longer."""


@transaction.atomic
def ask_to_resume(*, run_id: UUID, reason: str, by: UUID, at: datetime) -> bool:
    """Note that somebody wants a run to go on; tells whether there is anything to go on with.

    Called by operators' pages, which then tell the workers. Pressed twice it is two attempts that
    share the run. Records `provisioning.resumed`.
    """
    run = ProvisioningRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None or run.ended_at is not None:
        return False
    record(
        "provisioning.resumed",
        actor_id=by,
        subject=("provisioning_run", run.id),
        data={"reason": reason, "slug": run.slug},
        at=at,
    )
    return True


def resume_run(*, run_id: UUID, by: UUID | None, at: datetime) -> str | None:
    """Go on with a run where it stopped; nothing is done for one that has ended.

    Called by the workers. Each step can be done again; what fails is written to the step. Returns
    the slug of the contract that it published; None: it published nothing. Raises and records what
    `publish` does.
    """
    run = ProvisioningRun.objects.filter(pk=run_id, ended_at__isnull=True).first()
    if run is None:
        return None
    document = ContractDocument.model_validate(run.document)
    settle_runs(slug=run.slug, at=at)
    if not ProvisioningRun.objects.filter(pk=run_id, ended_at__isnull=True).exists():
        return None
    publish(document=document, base=None, by=by, at=at, note=run.note)
    return run.slug


def purge_runs(*, at: datetime) -> int:
    """Delete runs that ended long ago, with their steps; returns how many."""
    return delete_in_batches(ProvisioningRun.objects.filter(ended_at__lt=at - RUNS_KEPT))
