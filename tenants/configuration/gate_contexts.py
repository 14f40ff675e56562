"""What the gates compare a document with: hosts and issuers of others, images, and the day."""

from collections.abc import Mapping
from datetime import datetime

from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.gates import GateContext
from tenants.configuration.revisions import (
    day_in,
    find_deployment_revision,
    read_deployment_revision,
    was_published_without_vectors,
)
from tenants.logos.stored import logo_sizes
from tenants.models import Contract, Host


def contract_gate_context(
    document: ContractDocument, published: ContractDocument | None, at: datetime
) -> GateContext:
    """Return what the gates of a contract's document compare it with, as it is at this moment.

    Called by plans and publications; `published` is the document in force, None without one.
    """
    taken = _contract_hosts(other_than=document.contract.slug)
    issuers: set[str] = set()
    revision = find_deployment_revision()
    if revision:
        deployment = read_deployment_revision(revision)
        taken.update(dict.fromkeys((host.host for host in deployment.portal_hosts), "the portal"))
        issuers = {provider.issuer for provider in deployment.identity_providers}
    return GateContext(
        on=day_in(document.contract.time_zone, at),
        published=published,
        taken_hosts=taken,
        issuers=issuers,
        logos=logo_sizes(document.brand),
        was_published_without_vectors=was_published_without_vectors(document),
    )


def deployment_gate_context(document: DeploymentDocument, at: datetime) -> GateContext:
    """Return what the gates of the deployment's document compare it with, as it is now."""
    return GateContext(
        on=day_in(document.deployment.time_zone, at),
        taken_hosts=_contract_hosts(other_than=""),
        needed_issuers=_named_issuers(),
        logos=logo_sizes(*document.brands()),
    )


def _named_issuers() -> dict[str, str]:
    """Every issuer that a published contract names, and one such contract."""
    rows = Contract.objects.filter(revision__isnull=False).values_list(
        "slug", "revision__document__staff__issuers"
    )
    return {issuer: slug for slug, issuers in rows for issuer in issuers or ()}


def _contract_hosts(*, other_than: str) -> dict[str, str]:
    """Every host of a contract but one, and which contract it belongs to."""
    rows: Mapping[str, str] = dict(
        Host.objects.exclude(tenant__slug=other_than).values_list("domain", "tenant__slug")
    )
    return {domain: f"the contract {slug}" for domain, slug in rows.items()}
