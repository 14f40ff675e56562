"""What the page of a publication shows, and what somebody can do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.console.models import PlannedPublication
from contracts.console.publications.rights import find_contract, may_publish
from contracts.console.publications.states import TO_WITHDRAW, PublicationState
from contracts.console.services.carrying_out import LOST_AFTER
from core.accounts.selectors import names_of
from core.staff.scope import StaffActor
from core.staff.systems import people_behind
from tenants.configuration.diff import Change, difference
from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import DocumentErrors, read_contract
from tenants.configuration.revisions import document_of
from tenants.models import ContractRevision, ProvisioningRun, ProvisioningStep


@dataclass(frozen=True)
class PublicationFacts:
    """How a publication stands for one member of staff."""

    author: str
    decided_by: str
    changes: Sequence[Change]
    """From its base to its document; of a new contract nothing, because everything is new."""
    steps: Sequence[ProvisioningStep]
    is_due: bool
    is_next: bool
    """It waits for the next free worker."""
    was_lost: bool
    may_decide: bool
    is_theirs_to_withdraw: bool
    may_withdraw: bool
    may_go_on: bool
    is_own: bool
    is_behind: bool
    """It waits, and another revision than its base is published by now: it comes to nothing."""
    answers: bool
    """Whether the contract has pages by now."""


def facts_of(
    publication: PlannedPublication, staff: StaffActor, *, at: datetime
) -> PublicationFacts:
    """Return what the page shows to a member of staff."""
    contract = find_contract(publication.slug)
    published = contract.revision.number if contract and contract.revision else None
    publishes = may_publish(staff, contract)
    is_own = publication.author_id == staff.user.pk
    names = names_of([publication.author_id, publication.decided_by])
    document = document_planned(publication)
    at_work = publication.state == PublicationState.AT_WORK
    begun = publication.begun_at
    was_lost = at_work and begun is not None and begun <= at - LOST_AFTER
    waits = publication.state == PublicationState.ASKED and at < publication.expires_at
    theirs = is_own or publishes
    asked_it = staff.user.pk in people_behind(publication.author_id)
    return PublicationFacts(
        author=names.get(publication.author_id, "somebody whose account is gone"),
        decided_by=names.get(publication.decided_by, "") if publication.decided_by else "",
        changes=_changes(publication, document),
        steps=_steps(publication),
        is_due=publication.due_at <= at,
        is_next=publication.state == PublicationState.WAITING and publication.due_at <= at,
        was_lost=was_lost,
        may_decide=waits and publishes and not asked_it,
        is_theirs_to_withdraw=theirs,
        may_withdraw=theirs and publication.state in TO_WITHDRAW,
        may_go_on=publishes and was_lost,
        is_own=is_own,
        is_behind=publication.state in TO_WITHDRAW and publication.base_number != published,
        answers=contract is not None and contract.revision_id is not None,
    )


def document_planned(publication: PlannedPublication) -> ContractDocument | None:
    """Return what would be published; None when it is no document of this version any more."""
    try:
        return read_contract(publication.document)
    except DocumentErrors:
        return None


def _changes(
    publication: PlannedPublication, document: ContractDocument | None
) -> Sequence[Change]:
    if document is None or publication.base_number is None:
        return ()
    base = ContractRevision.objects.filter(
        contract__slug=publication.slug, number=publication.base_number
    ).first()
    return difference(document_of(base), document)


def _steps(publication: PlannedPublication) -> Sequence[ProvisioningStep]:
    """The steps of making a new contract, as far as they were taken for this document."""
    if publication.base_number is not None:
        return ()
    run = (
        ProvisioningRun.objects.filter(slug=publication.slug, digest=publication.digest)
        .order_by("-began_at")
        .first()
    )
    return list(run.steps.order_by("began_at")) if run else ()
