"""Access grants on behalf of either side: given and changed by a provider's admin, ended by both.

Every act holds the groups first, then the grant: who ends one while somebody else assigns by it
either comes before or is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from core.accounts.services.attempts import Limit, count_attempt
from core.accounts.services.throttle import record_refusal
from core.common.errors import DomainError
from core.groups.entering import Entered
from core.groups.grant_days import end_of
from core.groups.models import AccessGrant, GrantEnd, Office, Provider
from core.groups.office_codes import read_code
from core.groups.permissions import Permission
from core.groups.roles import STAFF, open_to_third_parties
from core.groups.services.grant_ends import end_grants, record_grant
from core.groups.services.grant_mails import tell_both_sides
from core.groups.services.holding import hold_group, hold_groups
from core.groups.services.offices import hold_office
from core.groups.services.roles import (
    ChangedMeanwhileError,
    RoleNotOfferedError,
    require_role,
    require_same_role,
)
from tenants.configuration.revisions import read_contract_revision
from tenants.models import Contract

RIGHT: Final = Permission.THIRD_PARTIES_MANAGE
MOST_DAYS: Final = 366
"""Own figure: once a year somebody looks whether the office still works for the provider."""
LOOKUPS_PER_HOUR: Final = 30
"""Own figure: a code of 53 random bits is not found in any number of hours."""
REMINDED: Final = (30, 7)
"""Days before the end on which both sides are reminded."""


@dataclass(frozen=True)
class GrantTerms:
    """What a provider's admin chooses for an office: in which role, and through which day."""

    role: str
    last_day: date


class NoSuchOfficeError(DomainError):
    """No office has the code, or no longer."""

    code: ClassVar[str] = "no_such_office"
    message: ClassVar[str] = (
        "No office has this code. Look for a mistyped character, or ask the office whether it has "
        "a new one."
    )


class TooManyLookupsError(DomainError):
    """The admin has looked for many codes within the hour."""

    code: ClassVar[str] = "office_looked_up_too_often"
    message: ClassVar[str] = "You have entered many codes within the hour. Try again later."


class HasAccessError(DomainError):
    """The office has access to one of the providers."""

    code: ClassVar[str] = "office_has_access"
    message: ClassVar[str] = (
        "The office has access to one of these providers already. Change the end date of that "
        "instead."
    )


class EndDateError(DomainError):
    """The access would end in the past, or too late."""

    code: ClassVar[str] = "access_end_date"
    message: ClassVar[str] = f"Choose a day from today on, at most {MOST_DAYS} days ahead."


class NoThirdPartiesError(DomainError):
    """The contract lets in no third parties."""

    code: ClassVar[str] = "no_third_parties"
    message: ClassVar[str] = "This program gives no access to third parties."


def find_office_by_code(*, typed: str, by: UUID, at: datetime) -> Office:
    """Return the open office that has a code now.

    Called by Setup. Each look is counted for the admin before anything is compared; a miss is
    recorded as `office_code.refused`, without what was typed. Raises TooManyLookupsError,
    NoSuchOfficeError.
    """
    limit = Limit("office.code", str(by), LOOKUPS_PER_HOUR, timedelta(hours=1))
    if not count_attempt(limits=[limit], at=at).allowed:
        raise TooManyLookupsError
    code = read_code(typed)
    found = Office.objects.select_related("group").filter(code=code, closed_at__isnull=True).first()
    if code is None or found is None:
        record_refusal("office_code.refused", result="refused", at=at)
        raise NoSuchOfficeError
    return found


@transaction.atomic
def give_access(
    *,
    office: Office,
    providers: Sequence[Provider],
    terms: GrantTerms,
    by: UUID,
    entered: Entered,
    at: datetime,
) -> list[AccessGrant]:
    """Let an office work for providers, in a role and through a day: for all of them or for none.

    Called by Setup, which has found the office by its code and loaded the providers through the
    admin's reach. Tells the office's admins and the providers' other admins. Records
    `access_grant.given`. Raises NoSuchOfficeError when the office was closed or has another code by
    now, EndDateError, HasAccessError, NoThirdPartiesError, RoleNotOfferedError, RoleDiffersError,
    ChangedMeanwhileError, RoleNotYoursError, ProviderLeavingError.
    """
    hold_groups({office.group_id, *(one.group_id for one in providers)})
    if not Office.objects.filter(pk=office.pk, code=office.code, closed_at__isnull=True).exists():
        raise NoSuchOfficeError
    for provider in providers:
        require_role(by, provider, terms.role, RIGHT, entered=entered)
    require_same_role(terms.role, providers)
    # In one order, so that admins of two groups do not wait for each other.
    for contract_id in sorted({one.contract_id for one in providers}):
        require_open(contract_id, terms.role)
    # All that has lapsed at once, so that it and its people's access are locked in one order.
    former = AccessGrant.objects.filter(office=office, provider__in=providers, until__lte=at)
    end_grants(former, end=GrantEnd.TIME, by=None, at=at)
    return [_give(office, provider, terms, by=by, at=at) for provider in providers]


@transaction.atomic
def end_access_as_provider(*, grant_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """End an office's access: its people are out of the provider with their next request.

    Called by Setup. Tells both sides. Records `access_grant.ended`. Raises ChangedMeanwhileError,
    RoleNotYoursError.
    """
    grant = hold_for_provider(grant_id, by=by, entered=entered, at=at)
    end_grants(AccessGrant.objects.filter(pk=grant.pk), end=GrantEnd.PROVIDER, by=by, at=at)


@transaction.atomic
def end_access_as_office(*, grant_id: UUID, by: UUID, at: datetime) -> None:
    """Do the same as an admin of the office. Raises ChangedMeanwhileError."""
    grant = hold_for_office(grant_id, by=by, at=at)
    end_grants(AccessGrant.objects.filter(pk=grant.pk), end=GrantEnd.OFFICE, by=by, at=at)


def remind_of_ends(*, at: datetime) -> int:
    """Mail both sides 30 and 7 days before access ends; returns for how many grants.

    Hourly; each reminder goes out once, whoever else runs at the same time. Records
    `access_grant.reminded`.
    """
    return sum(_remind(days, at=at) for days in sorted(REMINDED))


def hold_for_office(grant_id: UUID, *, by: UUID, at: datetime) -> AccessGrant:
    """Return a living grant of an office that an account administers, locked, with its group.

    Raises ChangedMeanwhileError.
    """
    hold_office(AccessGrant.objects.values_list("office", flat=True).get(pk=grant_id), by=by)
    return _hold_living(grant_id, at=at)


def hold_for_provider(grant_id: UUID, *, by: UUID, entered: Entered, at: datetime) -> AccessGrant:
    """Return a living grant for a provider whose third parties an account manages, locked.

    Whoever may end access may end all of it, also what holds more than their own role. Raises
    ChangedMeanwhileError, NotEnteredError.
    """
    provider = AccessGrant.objects.select_related("provider__group").get(pk=grant_id).provider
    hold_group(provider.group_id)
    require_role(by, provider, STAFF.key, RIGHT, entered=entered, gives=False)
    return _hold_living(grant_id, at=at)


def _hold_living(grant_id: UUID, *, at: datetime) -> AccessGrant:
    held = AccessGrant.objects.select_for_update(of=("self",)).filter(
        pk=grant_id, ended_at__isnull=True, until__gt=at
    )
    grant = held.select_related("provider", "office__group").first()
    if grant is None:
        raise ChangedMeanwhileError
    return grant


def end_on(last_day: date, provider: Provider, *, at: datetime) -> datetime:
    """Return when access through a day ends at a provider. Raises EndDateError."""
    # A year that no calendar goes beyond has no end that could be compared.
    if last_day > at.date() + timedelta(days=MOST_DAYS + 1):
        raise EndDateError
    until = end_of(last_day, provider.contract_id)
    if not at < until <= at + timedelta(days=MOST_DAYS + 1):
        raise EndDateError
    return until


def require_open(contract_id: UUID, role: str) -> None:
    """Make sure that a contract opens a role to third parties now, as published.

    Publishing holds the same row: what is given before it takes a role back is ended by it. Raises
    NoThirdPartiesError, RoleNotOfferedError.
    """
    held = Contract.objects.select_for_update(of=("self",), no_key=True)
    revision = held.select_related("revision").get(pk=contract_id).revision
    found = open_to_third_parties(read_contract_revision(revision).groups) if revision else ()
    if not found:
        raise NoThirdPartiesError
    if role not in found:
        raise RoleNotOfferedError


def _give(
    office: Office, provider: Provider, terms: GrantTerms, *, by: UUID, at: datetime
) -> AccessGrant:
    until = end_on(terms.last_day, provider, at=at)
    try:
        with transaction.atomic():
            grant = AccessGrant.objects.create(
                provider=provider,
                office=office,
                role=terms.role,
                since=at,
                until=until,
                given_by=by,
                reminded_days=reminded_at(until, at=at),
            )
    except IntegrityError as error:
        raise HasAccessError from error
    record_grant("given", grant, by=by, at=at, data={"until": until.isoformat()})
    tell_both_sides(grant, "given", by=by, at=at)
    return grant


def reminded_at(until: datetime, *, at: datetime) -> int | None:
    """Return the reminder that would come too late to be one: whoever chose the day knows it."""
    late = [days for days in REMINDED if until <= at + timedelta(days=days)]
    return min(late) if late else None


def _remind(days: int, *, at: datetime) -> int:
    due = AccessGrant.objects.filter(
        ended_at__isnull=True, until__gt=at, until__lte=at + timedelta(days=days)
    )
    untold = due.filter(reminded_days__isnull=True) | due.filter(reminded_days__gt=days)
    told = 0
    for key in list(untold.values_list("pk", flat=True)):
        with transaction.atomic():
            # Two runs at once: the second one waits, and finds the row reminded.
            locked = untold.select_for_update(of=("self",)).filter(pk=key)
            grant = locked.select_related("provider", "office__group").first()
            if grant is None:
                continue
            grant.reminded_days = days
            grant.save(update_fields=["reminded_days"])
            record_grant("reminded", grant, by=None, at=at, data={"days": days})
            tell_both_sides(grant, "reminder", by=None, at=at, days=days)
            told += 1
    return told
