"""What a run of provisioning has done so far: seen by staff, taken up after an interruption.

Written outside the transactions of the steps themselves, so that a killed process leaves the record
of where it stood.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Case, F, Q, QuerySet, Value, When

from core.common.clock import now
from core.common.errors import DomainError
from core.common.failures import describe_safely
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import digest_of, to_json
from tenants.errors import TenancyError
from tenants.models import (
    Contract,
    ProvisioningOutcome,
    ProvisioningRun,
    ProvisioningStep,
    ProvisioningStepName,
)
from tenants.states import ContractState

logger = logging.getLogger(__name__)

AT_WORK_FOR: Final = timedelta(minutes=2)
"""So long after its last attempt a run may still be at work; making a contract takes seconds. Own
figure. Taking it up earlier does no harm: the steps wait for each other."""


def begin_run(
    *, document: ContractDocument, note: str, by: UUID | None, at: datetime
) -> ProvisioningRun:
    """Begin a run, or go on with the open one of the same document. Called outside a transaction.

    Two at once share one run, as they share the contract that comes of it.
    """
    run, is_new = ProvisioningRun.objects.get_or_create(
        slug=document.contract.slug,
        digest=digest_of(document),
        ended_at=None,
        defaults={
            "document": to_json(document),
            "note": note,
            "began_by": by,
            "began_at": at,
            "attempted_at": at,
        },
    )
    if not is_new:
        ProvisioningRun.objects.filter(pk=run.pk).update(
            attempts=F("attempts") + 1, attempted_at=at
        )
    return run


@contextmanager
def recorded_step(run: ProvisioningRun, name: ProvisioningStepName) -> Iterator[None]:
    """Record that a step began, and that it was done or what it failed with."""
    step, _made = ProvisioningStep.objects.update_or_create(
        run=run, name=name, defaults={"began_at": now(), "done_at": None, "failure": ""}
    )
    mine = ProvisioningStep.objects.filter(pk=step.pk)
    try:
        yield
    except Exception as error:
        try:
            mine.update(failure=_why(error))
        except DatabaseError as lost:
            logger.warning("run %s: its failure was not recorded: %s", run.pk, type(lost).__name__)
        raise
    mine.update(done_at=now(), failure="")


def end_runs(*, slug: str, digest: str, at: datetime) -> None:
    """End the runs of a contract, in the transaction that makes it ready with a document."""
    outcome = Case(
        When(digest=digest, then=Value(ProvisioningOutcome.DONE.value)),
        default=Value(ProvisioningOutcome.REPLACED.value),
    )
    ProvisioningRun.objects.filter(slug=slug, ended_at__isnull=True).update(
        ended_at=at, outcome=outcome
    )


def settle_runs(*, slug: str, at: datetime) -> None:
    """End what is open of a contract that is ready by now, whoever made it so."""
    contract = Contract.objects.exclude(state=ContractState.PROVISIONING).filter(slug=slug).first()
    first = contract.revisions.order_by("number").first() if contract else None
    if first is not None:
        end_runs(slug=slug, digest=first.digest, at=at)


def list_runs() -> QuerySet[ProvisioningRun]:
    """Return all runs with their steps: those that have not ended first, then the newest."""
    return ProvisioningRun.objects.prefetch_related("steps").order_by(
        F("ended_at").desc(nulls_first=True), "-began_at"
    )


def is_at_work(run: ProvisioningRun, at: datetime) -> bool:
    """Tell whether somebody may be at an open run still."""
    return run.attempted_at > at - AT_WORK_FOR


def list_interrupted(*, at: datetime) -> QuerySet[ProvisioningRun]:
    """Return the open runs that failed, or at which nobody has been for a while."""
    failed = ProvisioningStep.objects.exclude(failure="").values("run")
    left = Q(attempted_at__lte=at - AT_WORK_FOR) | Q(pk__in=failed)
    return ProvisioningRun.objects.filter(left, ended_at__isnull=True)


def _why(error: Exception) -> str:
    """Return what somebody can act on; the text of any other error may quote a value."""
    if isinstance(error, DomainError):
        return str(error.sentence)[:200]
    if isinstance(error, TenancyError):
        return str(error)[:200]
    return describe_safely(error)
