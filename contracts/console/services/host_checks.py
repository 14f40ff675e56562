"""Keep what checks of hosts found, and say which hosts links may name."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from contracts.console.hosts.probing import Found, default_prober, probe_host
from contracts.console.hosts.targets import HostTarget, list_targets
from contracts.console.models import HostCheck, HostFinding
from core.accounts.services.attempts import Limit, count_attempt
from core.audit.recording import record
from core.common.clock import now
from core.common.errors import DomainError
from core.common.failures import describe_safely
from core.common.probing.asking import Prober
from core.common.purging import delete_in_batches
from core.common.turns import hold_turn
from tenants import registry
from tenants.models import Host

logger = logging.getLogger(__name__)

_ASKED: Final = (2, timedelta(minutes=1))
"""So often somebody may have the hosts of a contract asked. Own figure: each asks strangers."""
READY_EVERY: Final = timedelta(minutes=15)
"""How often a host is asked that was ready the last time; others are asked every five minutes."""
KEPT: Final = timedelta(days=400)
_AT_ONCE: Final = 8
_TO_BE_SURE: Final = 2
"""A host that was ready is believed to be so until so many checks in a row say otherwise."""


class CheckTooSoonError(DomainError):
    """The hosts were asked a moment ago."""

    code: ClassVar[str] = "host_check_too_soon"
    message: ClassVar[str] = "They were asked a moment ago. You can ask again in a minute."


class HostChecksFailedError(RuntimeError):
    """Some hosts could not be checked by a fault of ours; the others are."""

    def __init__(self, hosts: Sequence[str]) -> None:
        super().__init__(f"{len(hosts)} hosts were not checked; the log says why")
        self.hosts = tuple(hosts)


def ask_check(*, contract_id: UUID, by: UUID, at: datetime) -> None:
    """Count and record that somebody has a contract's hosts and sender asked now.

    Called by staff who configure the contract, outside of a transaction, before the worker is told.
    Records `hosts.check_asked`. Raises CheckTooSoonError.
    """
    attempts, window = _ASKED
    limit = Limit("host_check", str(contract_id), attempts=attempts, window=window)
    if not count_attempt(limits=[limit], at=at).allowed:
        raise CheckTooSoonError
    record("hosts.check_asked", contract_id=contract_id, actor_id=by, at=at)


def check_hosts(
    targets: Iterable[HostTarget], *, prober: Prober | None = None, at: datetime | None = None
) -> list[HostCheck]:
    """Ask hosts, eight at a time, and keep what was found. Called by workers and the command.

    Each finding is a transaction of its own, which records `host.ready` or `host.not_ready` where
    links change. `at` None: each has the moment at which it was asked. A host whose check fails
    for a fault of ours holds up no other one: raises HostChecksFailedError once all are done.
    """
    how, failed = prober or default_prober(), list[str]()
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        asked = [(one, pool.submit(_ask, one, how, at)) for one in targets]
    kept = []
    for target, answer in asked:
        try:
            moment, found = answer.result()
            kept.append(keep_finding(target, found, at=moment))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next host has no part in it
            failed.append(target.host)
            logger.error("host %s: not checked: %s", target.host, describe_safely(error))  # noqa: TRY400 - an address of a stranger may stand in it
    if failed:
        raise HostChecksFailedError(failed)
    return kept


def _ask(target: HostTarget, how: Prober, at: datetime | None) -> tuple[datetime, Found]:
    try:
        return at or now(), probe_host(target, how)
    finally:
        # Where an old host should lead is asked of the registry, which reads a publication of
        # this moment over a connection of this thread; nobody else would close it.
        connection.close()


def check_due_hosts(*, at: datetime) -> int:
    """Ask every host whose last check is long enough ago; returns how many. Twice is once more."""
    recent = HostCheck.objects.filter(
        ended_at=None, finding=HostFinding.READY, last_at__gt=at - READY_EVERY
    )
    known = {(one.host, one.contract_id, one.role) for one in recent}
    due = [one for one in list_targets() if (one.host, one.contract_id, one.role) not in known]
    check_hosts(due)
    return len(due)


@transaction.atomic
def keep_finding(target: HostTarget, found: Found, *, at: datetime) -> HostCheck:
    """Keep what one check found; the same as before makes the present row longer.

    A check that began before the newest one changes nothing. Records `host.ready` and
    `host.not_ready`.
    """
    hold_turn("host-check", target.host)
    host = Host.objects.filter(domain=target.host).first()
    present = HostCheck.objects.filter(host=target.host, ended_at=None).first()
    if present is not None and present.last_at > at:
        return present
    kept = _kept(target, found, present, at=at)
    if host is not None and _is_of(host, target):
        _tell_links(host, kept, former=present, at=at)
    return kept


def has_waiting_hosts(slug: str) -> bool:
    """Tell whether links wait for a host of a contract (one query)."""
    if not settings.PORTAL_LINKS_WAIT_FOR_HOSTS:
        return False
    return Host.objects.filter(tenant__slug=slug, ready_at=None).exists()


def purge_checks(*, at: datetime) -> int:
    """Delete findings that ended long ago, and those of hosts that nobody has asked for long."""
    old = at - KEPT
    return delete_in_batches(HostCheck.objects.filter(Q(ended_at__lt=old) | Q(last_at__lt=old)))


def _kept(
    target: HostTarget, found: Found, present: HostCheck | None, *, at: datetime
) -> HostCheck:
    if present is not None:
        if _says_the_same(present, target, found):
            present.times, present.last_at = present.times + 1, at
            present.address = found.address or None
            present.certificate_ends_at = found.certificate_ends_at
            present.save(update_fields=["times", "last_at", "address", "certificate_ends_at"])
            return present
        HostCheck.objects.filter(pk=present.pk).update(ended_at=at)
    return HostCheck.objects.create(
        contract_id=target.contract_id,
        host=target.host,
        role=target.role,
        finding=found.finding,
        detail=found.detail,
        first_at=at,
        last_at=at,
        address=found.address or None,
        certificate_ends_at=found.certificate_ends_at,
    )


def _says_the_same(present: HostCheck, target: HostTarget, found: Found) -> bool:
    was = (present.contract_id, present.role, present.finding, present.detail)
    return was == (target.contract_id, target.role, found.finding, found.detail)


def _is_of(host: Host, target: HostTarget) -> bool:
    """Tell whether a host is still what it was asked as.

    A publication meanwhile may have made an old host, which has to redirect, the contract's own.
    """
    return (host.tenant_id, host.kind) == (target.contract_id, target.role)


def _tell_links(host: Host, kept: HostCheck, *, former: HostCheck | None, at: datetime) -> None:
    """Let links name a host that leads here, and no longer one that certainly does not."""
    if kept.is_ready and host.ready_at is None:
        _change(host, at, "host.ready", kept, at=at)
    elif not kept.is_ready and host.ready_at is not None:
        again = kept.times >= _TO_BE_SURE or (former is not None and not former.is_ready)
        if again:
            _change(host, None, "host.not_ready", kept, at=at)


def _change(
    host: Host, ready_at: datetime | None, event: str, kept: HostCheck, *, at: datetime
) -> None:
    Host.objects.filter(pk=host.pk).update(ready_at=ready_at)
    registry.announce()
    record(
        event,
        contract_id=host.tenant_id,
        subject=("host", host.pk),
        data={"finding": kept.finding, "detail": kept.detail},
        at=at,
    )
