"""Ask for publications, approve, decline and withdraw them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from contracts.console.models import PlannedPublication
from contracts.console.models.publications import PUBLICATION_ONCE
from contracts.console.publications.made import find_made
from contracts.console.publications.rights import find_contract
from contracts.console.publications.states import OPEN, TO_WITHDRAW, PublicationState
from contracts.console.services.publication_mails import tell_approvers, tell_author
from core.accounts.models import User
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.purging import delete_in_batches
from core.staff.systems import people_behind
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import refuse_unpublishable
from tenants.configuration.revisions import digest_of, to_json

APPROVAL_LIFE: Final = timedelta(days=7)
"""How long somebody can approve. Own figure: what nobody looked at for a week is asked anew."""
PUBLICATIONS_KEPT: Final = timedelta(days=90)
"""After their end; what was published stands in the history, who did what in the audit."""


class PublicationOpenError(DomainError):
    """The author has one of this contract that waits already."""

    code: ClassVar[str] = "publication_open"
    message: ClassVar[str] = (
        "A publication of yours waits for this contract already. Withdraw it first, or let it be."
    )


class DecidedMeanwhileError(DomainError):
    """It does not wait any more for what somebody wants to do with it."""

    code: ClassVar[str] = "publication_decided"
    message: ClassVar[str] = "This was decided, withdrawn or begun meanwhile. Nothing was changed."


class OwnPublicationError(DomainError):
    """Nobody approves or declines what they, or a program of theirs, have asked for."""

    code: ClassVar[str] = "publication_own"
    message: ClassVar[str] = (
        "Somebody else has to decide about what you, or a program of yours, asked for."
    )


@dataclass(frozen=True)
class Wish:
    """What somebody wants published, on which base, why, and when (None: as soon as it can be)."""

    document: ContractDocument
    base: int | None
    note: str
    due_at: datetime | None = None
    needs_approval: bool = False
    token_id: UUID | None = None
    """The token of the API that asks for it; revoked before its time, nothing comes of it."""


def plan_publication(*, wish: Wish, author: User, at: datetime) -> PlannedPublication:
    """Write down what is to be published; a worker does it once it is approved and due.

    Called by the console, which has looked at the author's rights and at a fresh sign-in. Those who
    can approve are told by mail. Records `publication.asked` or `publication.planned`. Raises
    GatesClosedError and PublishedMeanwhileError as publishing would, and PublicationOpenError.
    """
    due = wish.due_at or at
    refuse_unpublishable(document=wish.document, base=wish.base, at=due)
    state = PublicationState.ASKED if wish.needs_approval else PublicationState.WAITING
    try:
        with transaction.atomic():
            made = PlannedPublication.objects.create(
                slug=wish.document.contract.slug,
                author=author,
                document=to_json(wish.document),
                digest=digest_of(wish.document),
                base_number=wish.base,
                note=wish.note,
                state=state,
                asked_at=at,
                expires_at=at + APPROVAL_LIFE,
                due_at=due,
                asked_by_token=wish.token_id,
            )
            asked = state == PublicationState.ASKED
            _record("publication.asked" if asked else "publication.planned", made, author.pk, at)
            if asked:
                tell_approvers(made, at=at)
    except IntegrityError as error:
        if PUBLICATION_ONCE not in str(error):
            raise
        raise PublicationOpenError from error
    return made


def approve_publication(
    *, publication: PlannedPublication, by: UUID, reason: str, at: datetime
) -> PlannedPublication:
    """Approve exactly this document on exactly this base; it is published when it is due.

    Called by the console for somebody who may publish there and is not behind the author
    (`core.staff.systems`), with a fresh sign-in. Records `publication.approved`. Raises
    OwnPublicationError, DecidedMeanwhileError, and what keeps it from being published today.
    """
    with transaction.atomic():
        found = _hold_asked(publication, by=by, at=at)
        found.due_at = max(found.due_at, at)
        document = ContractDocument.model_validate(found.document)
        refuse_unpublishable(document=document, base=found.base_number, at=found.due_at)
        found.state = PublicationState.WAITING
        found.approved_by = found.decided_by = by
        found.reason = reason
        found.save(update_fields=["state", "due_at", "approved_by", "decided_by", "reason"])
        _record("publication.approved", found, by, at)
    return found


def decline_publication(
    *, publication: PlannedPublication, by: UUID, reason: str, at: datetime
) -> PlannedPublication:
    """Decline a publication with a reason, which its author is told by mail.

    Called as `approve_publication`. Records `publication.declined`.
    """
    with transaction.atomic():
        found = _hold_asked(publication, by=by, at=at)
        return _end(found, PublicationState.DECLINED, by=by, reason=reason, at=at)


def withdraw_publication(
    *, publication: PlannedPublication, by: UUID, at: datetime
) -> PlannedPublication:
    """Take a publication back that nobody has begun; its author is told if it was somebody else.

    Called by its author and by who may publish there. Records `publication.withdrawn`. Raises
    DecidedMeanwhileError, also for what the API has put in force and a worker is not done with.
    """
    with transaction.atomic():
        found = _hold(publication)
        if found.state not in TO_WITHDRAW or find_made(found) is not None:
            raise DecidedMeanwhileError
        return _end(found, PublicationState.WITHDRAWN, by=by, reason="", at=at)


def expire_publications(*, at: datetime) -> int:
    """End what nobody has approved in time, and tell the authors; returns how many."""
    overdue = PlannedPublication.objects.filter(state=PublicationState.ASKED, expires_at__lte=at)
    ended = 0
    for one in overdue[:100]:
        with transaction.atomic():
            found = _hold(one)
            if found.state == PublicationState.ASKED:
                _end(found, PublicationState.EXPIRED, by=None, reason="", at=at)
                ended += 1
    return ended


def purge_publications(*, at: datetime) -> int:
    """Delete publications that ended long ago; returns how many."""
    over = PlannedPublication.objects.exclude(state__in=OPEN)
    return delete_in_batches(over.filter(ended_at__lt=at - PUBLICATIONS_KEPT))


def _hold(publication: PlannedPublication) -> PlannedPublication:
    rows = PlannedPublication.objects.select_for_update(of=("self",)).select_related("author")
    return rows.get(pk=publication.pk)


def _hold_asked(publication: PlannedPublication, *, by: UUID, at: datetime) -> PlannedPublication:
    found = _hold(publication)
    if by in people_behind(found.author_id):
        raise OwnPublicationError
    if found.state != PublicationState.ASKED or found.expires_at <= at:
        raise DecidedMeanwhileError
    return found


def _end(
    found: PlannedPublication,
    state: PublicationState,
    *,
    by: UUID | None,
    reason: str,
    at: datetime,
) -> PlannedPublication:
    found.state, found.decided_by, found.reason, found.ended_at = state, by, reason, at
    found.save(update_fields=["state", "decided_by", "reason", "ended_at"])
    _record(f"publication.{state}", found, by, at)
    if by != found.author_id:
        tell_author(found, at=at)
    return found


def _record(event: str, publication: PlannedPublication, by: UUID | None, at: datetime) -> None:
    contract = find_contract(publication.slug)
    record(
        event,
        contract_id=contract.pk if contract else None,
        actor_id=by,
        subject=("publication", publication.id),
        data={
            "slug": publication.slug,
            "base": publication.base_number,
            "digest": publication.digest,
            "due_at": publication.due_at.isoformat(),
        },
        at=at,
    )
