"""Publish a contract with everything that follows from it in the apps that read its document."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.roster.services.index import renew_index
from core.groups.services.grant_ends import end_grants_of_contract
from tenants import registry
from tenants.configuration.approvals import Approval
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import Published, publish_contract
from tenants.configuration.revisions import find_contract_revision, read_contract_revision
from tenants.context import contract_context
from tenants.errors import UnknownContractError
from tenants.models import ContractRevision


@dataclass(frozen=True)
class Publication:
    """What was published, and what was made anew for it."""

    published: Published
    fingerprints: int | None
    """Fingerprints in the shared index after it was rebuilt; None: it did not have to be."""


def publish(
    *,
    document: ContractDocument,
    base: int | None,
    by: UUID | None,
    at: datetime,
    note: str = "",
    approval: Approval | None = None,
) -> Publication:
    """Publish a contract's document, and rebuild its part of the shared index for a new rule.

    Called by operators. The index can be rebuilt at any time, so it is made after the revision is
    in force, in a transaction of its own. An interruption between the two is mended by publishing
    the same again, and by the hourly task of rosters (`renew_index`). Access of third parties ends
    in a role that the document does not open to them any more; the hourly task of groups mends an
    interruption before that.
    Raises and records what `publish_contract` does.
    """
    slug = document.contract.slug
    before = find_contract_revision(slug)
    published = publish_contract(
        document=document, base=base, by=by, at=at, note=note, approval=approval
    )
    if before is None:
        return Publication(published, None)  # nobody has a role there, and the roster is empty
    return Publication(published, follow_up(revision=published.revision, by=by, at=at))


def follow_up(*, revision: ContractRevision, by: UUID | None, at: datetime) -> int | None:
    """Do what follows from the revision in force; doing it again changes nothing.

    Called after a publication, and by whoever takes one up that was interrupted. Returns the number
    of fingerprints that were made anew; None: they did not have to be.
    """
    document = read_contract_revision(revision)
    end_grants_of_contract(contract_id=revision.contract_id, groups=document.groups, by=by, at=at)
    try:
        contract = registry.get_configured(document.contract.slug)
    except UnknownContractError:
        return None  # archived at this moment: nobody registers there, and the revision stands
    with contract_context(contract):
        return renew_index()
