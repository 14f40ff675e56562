"""What the gates compare a document with: what others have, images, and the day."""

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
from tenants.states import ContractState


def contract_gate_context(
    document: ContractDocument, published: ContractDocument | None, at: datetime
) -> GateContext:
    """Return what the gates of a contract's document compare it with, as it is at this moment.

    Called by plans and publications; `published` is the document in force, None without one.
    """
    taken = _contract_hosts(other_than=document.contract.slug)
    senders = _contract_senders(other_than=document.contract.slug)
    issuers: set[str] = set()
    revision = find_deployment_revision()
    if revision:
        deployment = read_deployment_revision(revision)
        taken.update(dict.fromkeys((host.host for host in deployment.portal_hosts), ""))
        issuers = {provider.issuer for provider in deployment.identity_providers}
        senders[deployment.brand.sender_address.lower()] = ""
        for shared in deployment.channels.email.senders:
            senders.pop(shared.lower(), None)
    return GateContext(
        on=day_in(document.contract.time_zone, at),
        published=published,
        taken_hosts=taken,
        taken_senders=senders,
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


def _contract_senders(*, other_than: str) -> dict[str, str]:
    """Every address from which a published contract but one sends, and which contract."""
    rows = Contract.objects.exclude(slug=other_than).exclude(state=ContractState.DELETED)
    found = rows.filter(revision__isnull=False).values_list(
        "slug", "revision__document__brand__sender_address"
    )
    return {str(address).lower(): slug for slug, address in found if address}


def _contract_hosts(*, other_than: str) -> dict[str, str]:
    """Every host of a contract but one, and which contract it belongs to."""
    rows = Host.objects.exclude(tenant__slug=other_than)
    return dict(rows.values_list("domain", "tenant__slug"))
