"""Publish what waits, once it is due: by workers, as often as it takes, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from pydantic import ValidationError

from contracts.console.drafts.content import canonical
from contracts.console.models import Draft, PlannedPublication
from contracts.console.publications.made import find_made
from contracts.console.publications.rights import find_contract, still_may_publish
from contracts.console.publications.states import PublicationState
from contracts.console.services.publication_mails import tell_author
from contracts.console.services.publishing import follow_up, publish
from core.accounts.models import User
from core.audit.recording import record
from core.common.errors import DomainError
from core.staff.systems import is_revoked
from tenants.configuration.approvals import Approval
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import publish_contract
from tenants.errors import TenancyError
from tenants.models import ContractRevision

LOST_AFTER: Final = timedelta(minutes=2)
"""So long after it was begun a publication may still be at work. Own figure; taking it up earlier
does no harm: who comes second finds the revision there."""


def list_due(*, at: datetime) -> Sequence[UUID]:
    """Return what is to be published now, and what a lost worker has left."""
    return list(PlannedPublication.objects.filter(_due(at)).values_list("id", flat=True)[:100])


def carry_out(*, publication_id: UUID, at: datetime) -> str | None:
    """Publish one that is due, or write down why not; its author is told by mail.

    Returns the slug of the contract that it published; None: it published nothing.

    Called by workers outside a transaction. Gates, base and the right of whoever stands for it are
    looked at anew. A worker that is killed leaves the revision there or not there, and the next one
    goes on. Records `publication.carried_out` or `publication.refused`.
    """
    taken = PlannedPublication.objects.filter(_due(at), pk=publication_id).update(
        state=PublicationState.AT_WORK, begun_at=at
    )
    if not taken:
        return None
    publication = PlannedPublication.objects.select_related("author").get(pk=publication_id)
    try:
        revision = _take_up(publication, at) or _publish(publication, at)
    except (DomainError, TenancyError) as error:
        _settle(publication, outcome=str(error)[:4000], at=at)
    except ValidationError:
        _settle(publication, outcome="This version of the portal cannot read it any more.", at=at)
    else:
        _settle(publication, revision=revision, at=at)
        return publication.slug
    return None


def put_in_force(*, publication: PlannedPublication, at: datetime) -> ContractRevision:
    """Put what was just planned in force at once, in the transaction that planned it.

    Called by the API for a contract that is there: of two who publish on one base the second is
    told so in its own call. What follows from the revision is a worker's, as after an interruption
    (`carry_out`). Raises what `publish_contract` does.
    """
    return publish_contract(
        document=ContractDocument.model_validate(publication.document),
        base=publication.base_number,
        by=publication.author_id,
        at=at,
        note=publication.note,
    ).revision


def ask_to_go_on(*, publication_id: UUID, by: UUID, at: datetime) -> bool:
    """Write down that somebody asks for a publication whose worker was lost; False: it was not.

    Called by the console when somebody who may publish there presses *Go on*, after a fresh
    sign-in; the caller tells a worker. It stays at work: nobody can withdraw what a slow worker may
    be publishing at this moment. Records `publication.resumed`.
    """
    with transaction.atomic():
        found = (
            PlannedPublication.objects.select_for_update(of=("self",))
            .filter(_lost(at), pk=publication_id)
            .first()
        )
        if found is not None:
            _record("publication.resumed", found, by=by, at=at)
        return found is not None


def _due(at: datetime) -> Q:
    return Q(state=PublicationState.WAITING, due_at__lte=at) | _lost(at)


def _lost(at: datetime) -> Q:
    return Q(state=PublicationState.AT_WORK, begun_at__lte=at - LOST_AFTER)


def _take_up(publication: PlannedPublication, at: datetime) -> ContractRevision | None:
    """Do what follows from the revision that was made already; None: none was."""
    made = find_made(publication)
    if made is None or made.number == 1:
        return made
    if made.pk == made.contract.revision_id:
        follow_up(revision=made, by=publication.author_id, at=at)
    return made


def _publish(publication: PlannedPublication, at: datetime) -> ContractRevision:
    document = ContractDocument.model_validate(publication.document)
    approver = publication.approved_by
    if approver is None and is_revoked(publication.asked_by_token):
        raise TokenRevokedError
    stands = User.objects.get(pk=approver) if approver else publication.author
    if not still_may_publish(stands, find_contract(publication.slug), at=at):
        raise RightLostError
    return publish(
        document=document,
        base=publication.base_number,
        by=publication.author_id,
        at=at,
        note=publication.note,
        approval=Approval(approver) if approver else None,
    ).published.revision


class TokenRevokedError(DomainError):
    """Nobody has approved it, and what asked for it is not trusted any more."""

    code = "publication_token_revoked"
    message = "The token by which a program asked for this was revoked meanwhile."


class RightLostError(DomainError):
    """Who stands for the publication may not publish there any more."""

    code = "publication_right_lost"
    message = "Who stood for this publication may not publish in this contract any more."


def _settle(
    publication: PlannedPublication,
    *,
    at: datetime,
    revision: ContractRevision | None = None,
    outcome: str = "",
) -> None:
    """Write the end down, once, with its event and its mail."""
    state = PublicationState.PUBLISHED if revision else PublicationState.REFUSED
    with transaction.atomic():
        ended = PlannedPublication.objects.filter(
            pk=publication.pk, state=PublicationState.AT_WORK
        ).update(
            state=state,
            ended_at=at,
            outcome=outcome,
            revision_number=revision.number if revision else None,
        )
        if not ended:
            return  # another worker was faster
        event = "publication.carried_out" if revision else "publication.refused"
        _record(event, publication, by=None, at=at)
        if revision:
            _forget_draft(publication)
        tell_author(publication, at=at)


def _record(event: str, publication: PlannedPublication, *, by: UUID | None, at: datetime) -> None:
    contract = find_contract(publication.slug)
    record(
        event,
        contract_id=contract.pk if contract else None,
        actor_id=by,
        subject=("publication", publication.id),
        data={"slug": publication.slug, "digest": publication.digest},
        at=at,
    )


def _forget_draft(publication: PlannedPublication) -> None:
    """Delete the author's draft where it says nothing else than what is published now."""
    own = Draft.objects.select_for_update().filter(
        author=publication.author_id, slug=publication.slug
    )
    for draft in own:
        if canonical(draft.document) == publication.document:
            draft.delete()
