"""Switch the weekly mail on and off, and make it once a week for whoever wants it."""

import base64
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from core.accounts.models import User
from core.accounts.policies import contracts_of
from core.audit.recording import record
from core.common.crypto import constant_time_equal, keyed_digest, keyed_digests
from core.groups.models import WeeklyMail, WeeklyMailMade
from core.groups.weekly.figures import week_figures
from core.groups.weekly.rules import week_due, zone_for
from core.notifications.services.outbox import enqueue
from tenants import registry
from tenants.context import ActiveContract

WEEKLY_KIND: Final = "weekly_mail"
BATCH: Final = 100
"""Admins of one transaction."""
_GOOD_FOR: Final = timedelta(days=2)
_PURPOSE: Final = "weekly-mail-off"
_MAC_BYTES: Final = 16


@transaction.atomic
def switch_weekly_mail(*, user: User, on: bool, at: datetime) -> None:
    """Begin or stop to send somebody the weekly mail; pressed twice it is once.

    Called by Activity, for oneself. Records `weekly_mail.switched_on` or `.switched_off`.
    """
    if on:
        _choice, is_new = WeeklyMail.objects.get_or_create(user=user, defaults={"since": at})
        if is_new:
            record("weekly_mail.switched_on", actor_id=user.id, subject=("account", user.id), at=at)
    else:
        _switch_off(WeeklyMail.objects.filter(user=user), at=at)


@transaction.atomic
def switch_off_by_link(*, token: str, at: datetime) -> bool:
    """Do as the link of a weekly mail says; tells whether there is such a link.

    Called from the mail, without a sign-in: the link changes this and nothing else. One whose mail
    is off already, or on again, changes nothing. Records `weekly_mail.switched_off`.
    """
    key = _key_of(token)
    if key is None:
        return False
    _switch_off(WeeklyMail.objects.filter(pk=key), at=at)
    return True


def link_token(choice: WeeklyMail) -> str:
    """Return what the link to switch off carries: the choice's key and a MAC over it."""
    mac = keyed_digest(_PURPOSE, choice.id.bytes)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(choice.id.bytes + mac).decode().rstrip("=")


def make_weekly_mails(*, at: datetime) -> int:
    """Write the mails of the week that are due now; returns how many.

    Called by the beat, hourly, for all contracts. Each admin and week has a row that is there once,
    whether or not there was anything to say: two runs at once make one mail, and one that was cut
    off is taken up by the next. Rows in hand are skipped.
    """
    zones = {one.document.contract.time_zone for one in registry.list_contracts()}
    zones.add(registry.get_deployment().deployment.time_zone)
    weeks = {week for zone in zones if (week := week_due(at, zone))}
    return sum(_work_off(keys, at=at) for keys in _batches(weeks)) if weeks else 0


def _switch_off(chosen: QuerySet[WeeklyMail], *, at: datetime) -> None:
    for choice in chosen.select_for_update():
        choice.delete()
        record(
            "weekly_mail.switched_off",
            actor_id=choice.user_id,
            subject=("account", choice.user_id),
            at=at,
        )


def _batches(weeks: set[date]) -> Iterator[list[UUID]]:
    made = WeeklyMailMade.objects.filter(user=OuterRef("user"), week__in=weeks)
    waiting = WeeklyMail.objects.filter(~Exists(made), user__is_active=True).order_by("pk")
    last: UUID | None = None
    while True:
        rest = waiting.filter(pk__gt=last) if last else waiting
        keys = list(rest.values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        yield keys
        last = keys[-1]


@transaction.atomic
def _work_off(keys: Sequence[UUID], *, at: datetime) -> int:
    rows = WeeklyMail.objects.select_for_update(of=("self",), skip_locked=True)
    found = rows.filter(pk__in=keys).select_related("user").order_by("pk")
    return sum(_make(one.user, at=at) for one in found)


def _make(user: User, *, at: datetime) -> bool:
    contracts = contracts_of(user.id)
    week = week_due(at, zone_for(contracts))
    if week is None or WeeklyMailMade.objects.filter(user=user, week=week).exists():
        return False
    WeeklyMailMade.objects.create(user=user, week=week, made_at=at)
    if not week_figures(user, at=at).lines:
        return False
    enqueue(
        kind=WEEKLY_KIND,
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        contract_id=_name_of(contracts),
        not_after=at + _GOOD_FOR,
        at=at,
    )
    return True


def _name_of(contracts: Sequence[ActiveContract]) -> UUID | None:
    """Return in whose name the mail goes out: their contract's, of several the portal's."""
    return contracts[0].id if len(contracts) == 1 else None


def _key_of(token: str) -> UUID | None:
    try:
        held = base64.b64decode(f"{token}=", altchars=b"-_", validate=True)
        key = UUID(bytes=held[:-_MAC_BYTES])
    except ValueError:
        return None
    known = keyed_digests(_PURPOSE, key.bytes)
    mac = held[-_MAC_BYTES:]
    right = [constant_time_equal(one[:_MAC_BYTES], mac) for one in known]
    return key if any(right) else None
