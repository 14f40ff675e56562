"""Who is told of a publication that waits: those who can approve it, and its author."""

from datetime import datetime
from typing import Final

from contracts.console.models import PlannedPublication
from contracts.console.publications.rights import find_contract, list_approvers
from core.notifications.services.outbox import enqueue
from core.staff.systems import mailbox_of

ASKED_KIND: Final = "publication_asked"
ENDED_KIND: Final = "publication_ended"


def tell_approvers(publication: PlannedPublication, *, at: datetime) -> None:
    """Mail everybody who can approve it, in the transaction that makes it wait."""
    contract = find_contract(publication.slug)
    for one in list_approvers(contract, author=publication.author, at=at):
        enqueue(
            kind=ASKED_KIND,
            to=one.email,
            subject_id=publication.id,
            contract_id=contract.pk if contract and contract.revision_id else None,
            account_id=one.id,
            not_after=publication.expires_at,
            at=at,
        )


def tell_author(publication: PlannedPublication, *, at: datetime) -> None:
    """Mail the author what became of it, in the transaction of its end.

    Of a service account the people who look after it are told.
    """
    contract = find_contract(publication.slug)
    enqueue(
        kind=ENDED_KIND,
        to=mailbox_of(publication.author),
        subject_id=publication.id,
        contract_id=contract.pk if contract and contract.revision_id else None,
        account_id=publication.author_id,
        at=at,
    )
