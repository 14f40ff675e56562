"""Documents as they are stored: canonical JSON, its digest, and back to the typed document."""

import hashlib
import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.models import Contract, ContractRevision, DeploymentRevision


def to_json(document: BaseModel) -> dict[str, Any]:
    """Return a document as JSON values, as a revision keeps it."""
    return document.model_dump(mode="json")


def digest_of(document: BaseModel) -> str:
    """Return the SHA-256 of a document's canonical JSON: equal documents have equal digests."""
    canonical = json.dumps(to_json(document), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_contract_revision(revision: ContractRevision) -> ContractDocument:
    """Return the typed document of a contract's revision."""
    return ContractDocument.model_validate(revision.document)


def read_deployment_revision(revision: DeploymentRevision) -> DeploymentDocument:
    """Return the typed document of a revision of the deployment."""
    return DeploymentDocument.model_validate(revision.document)


def document_of(revision: ContractRevision | None) -> ContractDocument | None:
    """Return a revision's document; None where there is none that this version can read.

    A revision stays as it was published, and documents may have had other fields then.
    """
    if revision is None:
        return None
    try:
        return read_contract_revision(revision)
    except ValidationError:
        return None


def find_contract_revision(slug: str, number: int | None = None) -> ContractRevision | None:
    """Return a revision of a contract, the published one without a number, or None."""
    if number is not None:
        return ContractRevision.objects.filter(contract__slug=slug, number=number).first()
    contract = Contract.objects.select_related("revision").filter(slug=slug).first()
    return contract.revision if contract else None


def find_deployment_revision(number: int | None = None) -> DeploymentRevision | None:
    """Return a revision of the deployment, the published one without a number, or None."""
    revisions = DeploymentRevision.objects.order_by("-number")
    return (revisions if number is None else revisions.filter(number=number)).first()


def is_published(document: ContractDocument | DeploymentDocument) -> bool:
    """Tell whether a document is the published one: then applying it again changes nothing."""
    if isinstance(document, ContractDocument):
        published = find_contract_revision(document.contract.slug)
        return published is not None and published.digest == digest_of(document)
    revision = find_deployment_revision()
    return revision is not None and revision.digest == digest_of(document)


def is_in_force(revision: ContractRevision) -> bool:
    """Tell whether what a revision says is published now, perhaps by a later one."""
    present = revision.contract.revision
    return present is not None and present.digest == revision.digest


def was_published_without_vectors(document: ContractDocument) -> bool:
    """Tell whether this document was published by a version that had no test vectors yet."""
    if document.registration.test_vectors:
        return False
    earlier = ContractRevision.objects.filter(
        contract__slug=document.contract.slug, document__registration__isnull=False
    ).exclude(document__registration__has_key="test_vectors")
    return any(document_of(revision) == document for revision in earlier)


def zone_of(document: ContractDocument | DeploymentDocument | None) -> str:
    """Return the time zone in which a document's pages and mails tell the time.

    UTC without one: a contract that was never published, or cannot be read by this version.
    """
    if document is None:
        return "UTC"
    if isinstance(document, ContractDocument):
        return document.contract.time_zone
    return document.deployment.time_zone


def day_in(time_zone: str, at: datetime) -> date:
    """Return the calendar day of a moment in a document's time zone."""
    return at.astimezone(ZoneInfo(time_zone)).date()
