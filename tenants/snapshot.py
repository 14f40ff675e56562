"""Everything the registry knows, read in one go and never changed afterwards."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from pydantic import ValidationError

from tenants.banners import Banner, load_banners
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.context import ActiveContract, contract_context
from tenants.models import Contract, DeploymentRevision, Host, HostKind, RegistryEpoch
from tenants.schema_level import is_behind
from tenants.states import RESTING, ContractState

logger = logging.getLogger(__name__)

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "testserver"})
LOCAL_SUFFIX = ".localhost"


class HostRole(StrEnum):
    """What a host does."""

    PORTAL = "portal"
    CONTRACT = "contract"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True)
class HostMatch:
    """What a host name leads to. `host` is its name in the configuration."""

    role: HostRole
    host: str
    slug: str | None = None
    contract: ActiveContract | None = None
    redirects_to: str | None = None
    local: bool = False
    """Asked for under its local name, which ends in `.localhost`."""

    @property
    def is_portal(self) -> bool:
        """Whether it serves every contract under /<slug>/."""
        return self.role is HostRole.PORTAL


@dataclass(frozen=True, slots=True)
class RestingContract:
    """A contract that is suspended or closed: nobody is let in, and its page says so."""

    contract: ActiveContract
    state: ContractState
    since: datetime | None
    note: str
    back_on: date | None


@dataclass(frozen=True)
class Snapshot:
    """The ready contracts, the hosts and the deployment's document at one epoch."""

    epoch: int
    by_slug: Mapping[str, ActiveContract]
    by_id: Mapping[UUID, ActiveContract]
    ordered: tuple[ActiveContract, ...]
    unavailable: frozenset[str]
    resting: Mapping[str, RestingContract]
    hosts: Mapping[str, HostMatch]
    ready_hosts: frozenset[str]
    """Contract hosts that are known to lead here."""
    deployment: DeploymentDocument | None
    deployment_number: int
    keys: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    banners: Mapping[UUID, tuple[Banner, ...]] = field(default_factory=dict)
    """Notices that were published without a revision, by contract."""

    def match(self, host: str) -> HostMatch | None:
        """Return what a host name leads to, local names included where the settings allow them."""
        found = self.hosts.get(host)
        if found is not None or not settings.PORTAL_LOCAL_HOSTS:
            return found
        if host in LOCAL_NAMES:
            return self._primary_portal()
        if host.endswith(LOCAL_SUFFIX):
            return self._local(host.removesuffix(LOCAL_SUFFIX))
        return None

    def _primary_portal(self) -> HostMatch | None:
        if self.deployment is None:
            return None
        name = self.deployment.primary_host().host
        return HostMatch(HostRole.PORTAL, name, local=True)

    def _local(self, name: str) -> HostMatch | None:
        known = self.hosts.get(name)
        if known is not None:
            return HostMatch(
                known.role, known.host, known.slug, known.contract, known.redirects_to, local=True
            )
        if name in self.by_slug or name in self.unavailable or name in self.resting:
            return HostMatch(HostRole.CONTRACT, name, name, self.by_slug.get(name), local=True)
        return None


def load_snapshot(former: Snapshot | None) -> Snapshot:
    """Read contracts, hosts and the deployment in five queries.

    Documents that `former` has already read are taken from it. A document that this code cannot
    read makes its contract unavailable and leaves the others alone.
    """
    with contract_context(None):
        # The epoch first: what commits between this and the next query is found stale later.
        epoch = RegistryEpoch.objects.values_list("epoch", flat=True).get(id=1)
        rows = list(
            Contract.objects.filter(state__in=(ContractState.READY, *RESTING))
            .select_related("revision")
            .order_by("slug")
        )
        found = list(Host.objects.values_list("domain", "kind", "tenant__slug", "ready_at"))
        newest = DeploymentRevision.objects.order_by("-number").first()
        banners = load_banners()
    ready = [row for row in rows if row.state == ContractState.READY]
    active, keys = _read_contracts(ready, former)
    resting = _read_resting([row for row in rows if row.state in RESTING])
    deployment, number = _read_deployment(newest, former)
    unavailable = frozenset(row.slug for row in rows) - active.keys() - resting.keys()
    hosts = [(domain, kind, slug) for domain, kind, slug, _ready_at in found]
    return Snapshot(
        epoch=epoch,
        by_slug=active,
        by_id={contract.id: contract for contract in active.values()},
        ordered=_in_order(active, deployment),
        unavailable=unavailable,
        resting=resting,
        hosts=_match_hosts(hosts, active, unavailable | resting.keys(), deployment),
        ready_hosts=frozenset(domain for domain, _, _, ready_at in found if ready_at),
        deployment=deployment,
        deployment_number=number,
        keys=keys,
        banners=banners,
    )


def _read_contracts(
    rows: list[Contract], former: Snapshot | None
) -> tuple[dict[str, ActiveContract], dict[str, tuple[object, ...]]]:
    active: dict[str, ActiveContract] = {}
    keys: dict[str, tuple[object, ...]] = {}
    for row in rows:
        if is_behind(row.schema_migrations):
            logger.error("contract %s: its schema is behind what this code needs", row.slug)
            continue
        key = (row.id, row.revision_id, row.policy_epoch, row.name, row.schema_name)
        if former is not None and former.keys.get(row.slug) == key:
            active[row.slug], keys[row.slug] = former.by_slug[row.slug], key
            continue
        contract = read_contract(row)
        if contract is not None:
            active[row.slug], keys[row.slug] = contract, key
    return active, keys


def _read_resting(rows: list[Contract]) -> dict[str, RestingContract]:
    """Read what rests. One whose document cannot be read is unavailable, as it is when ready."""
    found = {row: read_contract(row) for row in rows}
    return {
        row.slug: RestingContract(
            contract, ContractState(row.state), row.state_since, row.public_note, row.back_on
        )
        for row, contract in found.items()
        if contract is not None
    }


def read_contract(row: Contract) -> ActiveContract | None:
    """Return a contract as its row and revision say; None for one without a readable document."""
    revision = row.revision
    if revision is None:
        return None
    try:
        document = ContractDocument.model_validate_json(_json(revision.document))
    except ValidationError:
        logger.exception("contract %s: revision %s cannot be read", row.slug, revision.number)
        return None
    return ActiveContract(
        id=row.id,
        slug=row.slug,
        name=row.name,
        schema_name=row.schema_name,
        revision=revision.number,
        policy_epoch=row.policy_epoch,
        document=document,
    )


def _read_deployment(
    newest: DeploymentRevision | None, former: Snapshot | None
) -> tuple[DeploymentDocument | None, int]:
    if newest is None:
        return None, 0
    if former is not None and former.deployment and former.deployment_number == newest.number:
        return former.deployment, newest.number
    return DeploymentDocument.model_validate_json(_json(newest.document)), newest.number


def _json(document: object) -> str:
    """JSON mode reads dates and tuples from what JSON has; the database gives Python values."""
    return json.dumps(document)


def _in_order(
    active: Mapping[str, ActiveContract], deployment: DeploymentDocument | None
) -> tuple[ActiveContract, ...]:
    order = {slug: place for place, slug in enumerate(deployment.programs if deployment else ())}
    return tuple(
        sorted(
            active.values(), key=lambda contract: (order.get(contract.slug, 1_000), contract.name)
        )
    )


def _match_hosts(
    hosts: list[tuple[str, str, str]],
    active: Mapping[str, ActiveContract],
    others: frozenset[str],
    deployment: DeploymentDocument | None,
) -> dict[str, HostMatch]:
    """Return what each host leads to. `others` are contracts that answer without being served."""
    matches: dict[str, HostMatch] = {}
    primary = {slug: domain for domain, kind, slug in hosts if kind == HostKind.PRIMARY}
    for domain, kind, slug in hosts:
        if slug not in active and slug not in others:
            continue
        redirects_to = primary.get(slug) if kind == HostKind.REDIRECT else None
        role = HostRole.REDIRECT if redirects_to else HostRole.CONTRACT
        matches[domain] = HostMatch(role, domain, slug, active.get(slug), redirects_to)
    for entry in deployment.portal_hosts if deployment else ():
        role = HostRole.REDIRECT if entry.redirects_to else HostRole.PORTAL
        matches[entry.host] = HostMatch(role, entry.host, redirects_to=entry.redirects_to)
    return matches
