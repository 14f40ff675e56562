"""What becomes of registered providers whose entry leaves the roster, or ends, or comes back.

The admins are told first; for the contract's days the provider can be read and nothing added to it,
then it is suspended. A provider whose entry is back is what it was. Done by the hourly watch, and
after each import.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from contracts.roster.models import LeavingProvider, RosterEntry
from core.audit.recording import record
from core.groups.models import LIVE_STATUSES, Provider, ProviderStatus
from core.groups.permissions import Permission
from core.groups.selectors import list_admins_of
from core.groups.services.suspending import (
    keep_provider,
    mark_leaving,
    reactivate_provider,
    suspend_provider,
)
from core.notifications.services.outbox import enqueue
from tenants.configuration.revisions import day_in
from tenants.context import ActiveContract, require_contract

LEAVING_KIND: Final = "provider_leaves_roster"
LEAVES, SUSPENDED, BACK, STAYS = "leaves", "suspended", "back", "stays"
MOST_AT_ONCE: Final = 500
"""Providers of one step of a run; the rest waits for the next one."""


def watch_leaving(*, at: datetime) -> int:
    """Tell, suspend and reactivate in the contract in hand; returns how many providers.

    Called hourly and after each import; twice is once. Each provider is a transaction of its own.
    Records `provider.left_roster`, `provider.stays`, `provider.suspended` and
    `provider.reactivated`.
    """
    contract = require_contract()
    off = _off_roster(contract, at)
    back = list(_open().exclude(provider__in=_keys(contract, off))[:MOST_AT_ONCE])
    due = _open().filter(suspended_at=None, suspends_at__lte=at, provider__in=_keys(contract, off))
    done = [_come_back(contract, one, at=at) for one in back]
    done += [_suspend(contract, one, at=at) for one in due.order_by("id")[:MOST_AT_ONCE]]
    done += [_mark_late(contract, one, at=at) for one in _unmarked(contract, off)]
    left = [_tell_first(contract, key, at=at) for key in _unnoticed(contract, off)]
    return sum(done) + sum(left)


def _off_roster(contract: ActiveContract, at: datetime) -> QuerySet[RosterEntry]:
    """Return the entries that left the roster, or whose last day is over."""
    today = day_in(contract.document.contract.time_zone, at)
    return RosterEntry.objects.filter(Q(removed_at__isnull=False) | Q(ends_on__lt=today))


def _keys(contract: ActiveContract, off: QuerySet[RosterEntry]) -> "QuerySet[Provider, UUID]":
    """Return the keys of the living providers of some entries."""
    registered = Provider.objects.filter(contract_id=contract.id, status__in=LIVE_STATUSES)
    return registered.filter(roster_entry_id__in=off.values("id")).values_list("id", flat=True)


def _open() -> QuerySet[LeavingProvider]:
    return LeavingProvider.objects.filter(over_at=None)


def _unnoticed(contract: ActiveContract, off: QuerySet[RosterEntry]) -> list[UUID]:
    noticed = _open().filter(provider=OuterRef("pk"))
    found = Provider.objects.filter(
        ~Exists(noticed), contract_id=contract.id, status=ProviderStatus.ACTIVE
    )
    leaving = found.filter(roster_entry_id__in=off.values("id")).order_by("id")
    return list(leaving.values_list("id", flat=True)[:MOST_AT_ONCE])


def _unmarked(contract: ActiveContract, off: QuerySet[RosterEntry]) -> list[LeavingProvider]:
    """Return those who were told before providers had a mark that nothing is added to them."""
    found = Provider.objects.filter(
        contract_id=contract.id, status=ProviderStatus.ACTIVE, suspends_at=None
    )
    keys = found.filter(roster_entry_id__in=off.values("id")).values("id")
    waiting = _open().filter(suspended_at=None, provider__in=keys)
    return list(waiting.order_by("id")[:MOST_AT_ONCE])


@transaction.atomic
def _mark_late(contract: ActiveContract, one: LeavingProvider, *, at: datetime) -> bool:
    """Catch up with one who was told already: until the day of which its admins have heard."""
    row = _open().select_for_update().filter(pk=one.pk, suspended_at=None).first()
    if row is None or not _is_off_still(contract, row.provider, at=at):
        return False
    return mark_leaving(provider_id=row.provider, suspends_at=row.suspends_at)


@transaction.atomic
def _tell_first(contract: ActiveContract, provider_id: UUID, *, at: datetime) -> bool:
    if not _is_off_still(contract, provider_id, at=at):
        return False  # its entry came back since the watch looked
    suspends_at = at + timedelta(days=contract.document.groups.roster_end_days)
    if not mark_leaving(provider_id=provider_id, suspends_at=suspends_at):
        return False  # another worker was quicker, or it was given up
    row = LeavingProvider.objects.create(provider=provider_id, told_at=at, suspends_at=suspends_at)
    _tell(contract, row, LEAVES, at=at)
    record(
        "provider.left_roster",
        contract_id=contract.id,
        subject=("provider", provider_id),
        data={"suspends_at": row.suspends_at.isoformat()},
        at=at,
    )
    return True


@transaction.atomic
def _suspend(contract: ActiveContract, one: LeavingProvider, *, at: datetime) -> bool:
    row = _open().select_for_update().filter(pk=one.pk, suspended_at=None).first()
    # Its entry may have come back since the watch looked: held, so that it cannot until the end.
    if row is None or not _is_off_still(contract, row.provider, at=at):
        return False
    if not suspend_provider(provider_id=row.provider, at=at):
        return False
    row.suspended_at = at
    row.save(update_fields=["suspended_at"])
    _tell(contract, row, SUSPENDED, at=at)
    return True


def _is_off_still(contract: ActiveContract, provider_id: UUID, *, at: datetime) -> bool:
    """Hold the entry of a provider, and tell whether it is still off the roster."""
    entries = Provider.objects.filter(pk=provider_id).values("roster_entry_id")
    held = _off_roster(contract, at).select_for_update(no_key=True).filter(pk__in=entries)
    return held.first() is not None


@transaction.atomic
def _come_back(contract: ActiveContract, one: LeavingProvider, *, at: datetime) -> bool:
    row = _open().select_for_update().filter(pk=one.pk).first()
    if row is None:
        return False
    row.over_at = at
    row.save(update_fields=["over_at"])
    if row.suspended_at is None:
        if keep_provider(provider_id=row.provider, at=at):
            _tell(contract, row, STAYS, at=at)
    elif reactivate_provider(provider_id=row.provider, at=at):
        _tell(contract, row, BACK, at=at)
    return True


def _tell(contract: ActiveContract, row: LeavingProvider, stage: str, *, at: datetime) -> None:
    """Mail those who manage the provider."""
    providers = Provider.objects.filter(pk=row.provider)
    for admin in list_admins_of(providers, Permission.PROVIDER_MANAGE):
        enqueue(
            kind=LEAVING_KIND,
            to=admin.email,
            subject_id=row.provider,
            contract_id=contract.id,
            account_id=admin.id,
            context={"stage": stage, "suspends_at": row.suspends_at.isoformat()},
            at=at,
        )
