"""Warn about accounts that nobody uses, close them on the day, and open them for their owners."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from core.accounts.inactivity.rules import DisuseRules, Due, what_is_due
from core.accounts.models import Deactivation, InactivityWarning, User
from core.accounts.policies import policy_for
from core.accounts.services.accounts import forget_imported_password, reactivate_account
from core.audit.recording import Happening, record_all
from core.notifications.services.outbox import enqueue
from tenants import registry
from tenants.configuration.policy import PolicySections
from tenants.context import ActiveContract

WARNING_KIND: Final = "inactivity_warning"
CLOSED_KIND: Final = "account_not_used"
REOPENED_KIND: Final = "account_reopened"
BATCH: Final = 200
"""Accounts of one transaction: nobody who signs in meanwhile waits long for one of them."""
_FIELD: Final = "accounts.inactivity_days"


@dataclass(frozen=True)
class Watched:
    """How many owners were warned and how many accounts closed."""

    warned: int = 0
    closed: int = 0

    def __add__(self, other: "Watched") -> "Watched":
        return Watched(self.warned + other.warned, self.closed + other.closed)


@dataclass(frozen=True)
class _Unused:
    """An account for which something is due, and the program whose rule it is."""

    user: User
    used_at: datetime
    due: Due
    contract: ActiveContract | None
    days: int


def watch_inactivity(*, at: datetime) -> Watched:
    """Warn and close what is due by the strictest rule of each account's contracts.

    Called by the beat, for all contracts and for accounts without one. Goes through the accounts
    in batches, each a transaction of its own: a run that was cut off is taken up by the next, and
    two at once do everything once (rows in hand are skipped, and each warning has a row that is
    there once). Each warning is one mail; closing moves the security epoch, so that sessions,
    links and remembered browsers end. An account is closed on its day whether or not the warnings
    before it went out. Records `account.inactivity_warned` and `account.deactivated`.
    """
    before = at - timedelta(days=_first_day() - 1)  # days begin at other times elsewhere
    total = Watched()
    for keys in _batches(before):
        total += _work_off(keys, at=at)
    return total


@transaction.atomic
def reopen_own_account(*, user_id: UUID, security_epoch: int, at: datetime) -> User | None:
    """Open an account that was closed because nobody used it, for its owner; None when it may not.

    Called after password and factor were proven; `security_epoch` is the account's when they were.
    An account that somebody closed, or that is locked, stays closed. The owner is told by mail.
    Records `account.reactivated`.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    may = user.is_dormant and user.security_epoch == security_epoch and not user.is_locked(at)
    if not may or not reactivate_account(
        user_id=user_id, reason="opened_by_owner", by=user_id, at=at
    ):
        return None
    _tell(user, REOPENED_KIND, None, {}, at=at)
    return User.objects.with_contracts().get(pk=user_id)


def _first_day() -> int:
    """Return the earliest day on which any policy asks for anything."""
    deployment = registry.get_deployment()
    policies: list[PolicySections] = [deployment.defaults, deployment.staff]
    policies += [contract.document for contract in registry.list_contracts()]
    return min(
        min(policy.accounts.inactivity_warn_days, default=policy.accounts.inactivity_days)
        for policy in policies
    )


def _batches(before: datetime) -> Iterator[list[UUID]]:
    last: UUID | None = None
    while True:
        found = User.objects.annotate(used=Coalesce("last_used_at", "created_at")).filter(
            is_active=True, used__lt=before
        )
        if last is not None:
            found = found.filter(pk__gt=last)
        keys = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        yield keys
        last = keys[-1]


@transaction.atomic
def _work_off(keys: list[UUID], *, at: datetime) -> Watched:
    rows = User.objects.with_contracts().select_for_update(of=("self",), skip_locked=True)
    unused = [
        found
        for user in rows.filter(pk__in=keys, is_active=True).order_by("pk")
        if (found := _look_at(user, at=at)) is not None
    ]
    closing = [one for one in unused if one.due.warning is None]
    warning = _not_warned_yet([one for one in unused if one.due.warning is not None])
    for one in closing:
        _close(one, at=at)
    for one in warning:
        _warn(one, at=at)
    record_all([_happening(one) for one in [*closing, *warning]], at=at)
    return Watched(warned=len(warning), closed=len(closing))


def _look_at(user: User, *, at: datetime) -> _Unused | None:
    policy = policy_for(user)
    slugs = policy.origin(_FIELD)
    contract = next((one for one in registry.list_contracts() if one.slug in slugs), None)
    zone = contract.document.contract if contract else registry.get_deployment().deployment
    rules = DisuseRules(
        days=policy.accounts.inactivity_days,
        warn_days=policy.accounts.inactivity_warn_days,
        time_zone=zone.time_zone,
    )
    used_at = user.last_used_at or user.created_at
    due = what_is_due(used_at, rules, at=at)
    return _Unused(user, used_at, due, contract, rules.days) if due else None


def _not_warned_yet(found: list[_Unused]) -> list[_Unused]:
    told = set(
        InactivityWarning.objects.filter(user__in=[one.user for one in found]).values_list(
            "user_id", "since", "days"
        )
    )
    return [one for one in found if (one.user.pk, one.used_at, one.due.warning) not in told]


def _warn(one: _Unused, *, at: datetime) -> None:
    InactivityWarning.objects.create(
        user=one.user, since=one.used_at, days=one.due.warning or 0, warned_at=at
    )
    context = {"since": one.used_at.isoformat(), "closes_on": one.due.closes_on.isoformat()}
    _tell(one.user, WARNING_KIND, one.contract, {**context, "days": one.days}, at=at)


def _close(one: _Unused, *, at: datetime) -> None:
    User.objects.filter(pk=one.user.pk).update(
        is_active=False,
        deactivated_at=at,
        deactivation=Deactivation.INACTIVITY,
        security_epoch=F("security_epoch") + 1,
    )
    forget_imported_password(user_id=one.user.pk)
    _tell(one.user, CLOSED_KIND, one.contract, {"days": one.days}, at=at)


def _tell(
    user: User,
    kind: str,
    contract: ActiveContract | None,
    context: dict[str, object],
    *,
    at: datetime,
) -> None:
    enqueue(
        kind=kind,
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        contract_id=contract.id if contract else None,
        context=context,
        at=at,
    )


def _happening(one: _Unused) -> Happening:
    closes = one.due.warning is None
    return Happening(
        "account.deactivated" if closes else "account.inactivity_warned",
        contract_id=one.contract.id if one.contract else None,
        subject=("account", one.user.pk),
        data={"reason": "inactivity", "days": one.days}
        if closes
        else {"day": one.due.warning, "days": one.days},
    )
