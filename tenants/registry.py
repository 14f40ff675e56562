"""The contracts, hosts and documents as this process knows them: read once, asked for free.

Every publication counts `RegistryEpoch` up in its own transaction. A thread of each process
(`tenants.watching`) compares that number with the one in memory, woken by NOTIFY and at the latest
after half a second, so that a publication is visible everywhere within a second, also where a
pooler swallows notifications. Redis has no part in it and may come and go.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from tenants import watching
from tenants.banners import Banner, banners_of
from tenants.configuration.deployment import DeploymentDocument
from tenants.context import ActiveContract, contract_context
from tenants.errors import NotConfiguredError, UnknownContractError
from tenants.models import RegistryEpoch
from tenants.snapshot import HostMatch, RestingContract, Snapshot, load_snapshot

__all__ = [
    "HostMatch",
    "NotConfiguredError",
    "RestingContract",
    "UnknownContractError",
    "announce",
    "banners_at",
    "find_by_host",
    "find_contract",
    "find_resting",
    "find_resting_by_id",
    "forget",
    "get_configured",
    "get_contract",
    "get_contract_by_id",
    "get_deployment",
    "host_is_ready",
    "is_configured",
    "is_unavailable",
    "list_contracts",
    "list_hosts",
    "list_matches",
]


class _Memory:
    """What this process knows, and whether it still believes it.

    A snapshot is held together with the belief it was loaded under, and believed while that is
    the present one. Each is one assignment, so that no thread sees half of a change.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.belief = object()
        self.has_announced = False
        """Whether a transaction of this process ever published: seldom, and asked all the time."""
        self._held: tuple[Snapshot, object] | None = None

    def forget(self) -> None:
        self.belief = object()

    def hold(self, snapshot: Snapshot, belief: object) -> None:
        self._held = (snapshot, belief)

    @property
    def latest(self) -> Snapshot | None:
        """What was loaded last, believed or not."""
        held = self._held
        return held[0] if held else None

    @property
    def believed(self) -> Snapshot | None:
        held = self._held
        return held[0] if held and held[1] is self.belief else None

    def epoch(self) -> int | None:
        snapshot = self.believed
        return snapshot.epoch if snapshot else None


_memory = _Memory()
_MARK = "registry"


def get_contract(slug: str) -> ActiveContract:
    """Return a ready contract by its slug. Raises UnknownContractError."""
    contract = find_contract(slug)
    if contract is None:
        raise UnknownContractError(slug)
    return contract


def find_contract(slug: str) -> ActiveContract | None:
    """Return a ready contract by its slug, or None."""
    return _current().by_slug.get(slug)


def get_contract_by_id(contract_id: UUID | str) -> ActiveContract:
    """Return a ready contract by its id. Raises UnknownContractError."""
    wanted = contract_id if isinstance(contract_id, UUID) else UUID(contract_id)
    contract = _current().by_id.get(wanted)
    if contract is None:
        raise UnknownContractError(str(contract_id))
    return contract


def list_contracts() -> Sequence[ActiveContract]:
    """Return the ready contracts in the deployment's order, then by name."""
    return _current().ordered


def is_unavailable(slug: str) -> bool:
    """Say whether a contract is there but cannot be served now.

    Its schema is behind what the code needs, or its document is not one that the code can read.
    """
    return slug in _current().unavailable


def get_configured(slug: str) -> ActiveContract:
    """Return a contract that is ready, suspended or closed. Raises UnknownContractError.

    For work on its data that does not wait until it is in service again.
    """
    resting = find_resting(slug)
    return resting.contract if resting else get_contract(slug)


def find_resting(slug: str) -> RestingContract | None:
    """Return a contract that is suspended or closed, or None (no query)."""
    return _current().resting.get(slug)


def find_resting_by_id(contract_id: UUID) -> RestingContract | None:
    """Return a contract that is suspended or closed by its id, or None."""
    resting = _current().resting.values()
    return next((one for one in resting if one.contract.id == contract_id), None)


def banners_at(contract: ActiveContract, at: datetime) -> tuple[Banner, ...]:
    """Return the banners of a contract's pages at a moment: its document's, then the published."""
    published = _current().banners.get(contract.id, ())
    shown = tuple(one for one in published if one.is_shown(at))
    return banners_of(contract.document.notices_at(at)) + shown


def find_by_host(host: str) -> HostMatch | None:
    """Return what a host name (lower case, no port) leads to, or None for a stranger's."""
    return _current().match(host)


def list_hosts() -> Sequence[str]:
    """Return the names of the hosts that answer here, portal and contract ones, in order."""
    hosts = _current().hosts
    return sorted(name for name, match in hosts.items() if match.redirects_to is None)


def list_matches() -> Sequence[HostMatch]:
    """Return what every configured host leads to, by name: those that redirect as well."""
    hosts = _current().hosts
    return [hosts[name] for name in sorted(hosts)]


def host_is_ready(host: str) -> bool:
    """Tell whether links may name a contract's host: it is known to lead here (no query).

    Where the settings do not wait for that, every host is.
    """
    return not settings.PORTAL_LINKS_WAIT_FOR_HOSTS or host in _current().ready_hosts


def get_deployment() -> DeploymentDocument:
    """Return the deployment's document. Raises NotConfiguredError before one is applied."""
    deployment = _current().deployment
    if deployment is None:
        raise NotConfiguredError("Apply the deployment's document: deployment apply FILE.")
    return deployment


def is_configured() -> bool:
    """Say whether a deployment document has been applied: without one no host is ours."""
    return _current().deployment is not None


def announce() -> None:
    """Make a publication known to every process; called inside the publication's transaction.

    The count and the notification take effect when the transaction commits, and not otherwise.
    """
    with contract_context(None), transaction.atomic():
        changed = RegistryEpoch.objects.filter(id=1).update(epoch=F("epoch") + 1)
        if not changed:
            raise NotConfiguredError("The registry's row is missing: migrate the shared schema.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [watching.CHANNEL])
        _memory.has_announced = True
        _marks().add(_MARK)
        _finds().pop(_MARK, None)
        transaction.on_commit(forget)


def forget() -> None:
    """Read everything again at the next question."""
    _memory.forget()


def _marks() -> set[str]:
    marks: set[str] = getattr(connection, "transaction_marks", set())
    return marks


def _finds() -> dict[str, object]:
    finds: dict[str, object] = getattr(connection, "transaction_finds", {})
    return finds


def _of_this_transaction() -> Snapshot:
    """Return what its own transaction sees of a publication; read once for each that it makes."""
    match _finds().get(_MARK):
        case (Snapshot() as snapshot, belief) if belief is _memory.belief:
            return snapshot
    belief = _memory.belief
    snapshot = load_snapshot(_memory.latest)
    _finds()[_MARK] = (snapshot, belief)
    return snapshot


def _current() -> Snapshot:
    watching.ensure_watcher(_memory.epoch, forget)
    if _memory.has_announced and _MARK in _marks():
        # A publication that has not committed yet is seen by its own transaction alone.
        return _of_this_transaction()
    if snapshot := _memory.believed:
        return snapshot
    with _memory.lock:
        if snapshot := _memory.believed:
            return snapshot
        # A publication during the loading leaves it to the next question to load again.
        belief = _memory.belief
        loaded = load_snapshot(_memory.latest)
        _memory.hold(loaded, belief)
        return loaded


def _after_fork() -> None:
    """A child has no watcher and may have missed a publication; its lock may be held by nobody."""
    _memory.lock = threading.Lock()
    _memory.forget()


os.register_at_fork(after_in_child=_after_fork)
