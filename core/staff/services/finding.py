"""Find people on behalf of staff: exactly, with a reason, inside the own scope, and recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.models import ContractAccess, User
from core.accounts.selectors import find_account_by_email, find_account_by_username
from core.audit.recording import record
from core.staff.people import (
    Search,
    SearchBy,
    UnfinishedRegistration,
    accounts_of_identifier,
    unfinished_registrations,
)
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor


@dataclass(frozen=True)
class Found:
    """What a look-up led to; both empty for what is unknown and for what is out of scope."""

    accounts: Sequence[User]
    registrations: Sequence[UnfinishedRegistration]


@transaction.atomic
def find_people(*, staff: StaffActor, search: Search, reason: str, at: datetime) -> Found:
    """Look somebody up, exactly. Whatever is out of the member's scope is not found.

    Called by the staff pages. Records `staff_search.made` with the reason and what was found, by
    their ids; what was typed is not kept.
    """
    found = Found(
        accounts=_in_scope(staff, _accounts(search)),
        registrations=_registrations(staff, search, at=at),
    )
    _record(staff, search.by.value, found, reason=reason, contract_id=search.contract_id, at=at)
    return found


@transaction.atomic
def open_from_request(
    *, staff: StaffActor, account: User, reference: str, contract_id: UUID | None, at: datetime
) -> None:
    """Note that a request for help led to an account: it is as good as a look-up.

    Records `staff_search.made` with the request's reference as the reason.
    """
    found = Found(accounts=[account], registrations=[])
    _record(staff, "help_request", found, reason=reference, contract_id=contract_id, at=at)


def in_scope(staff: StaffActor, account_id: UUID) -> bool:
    """Tell whether somebody may see an account: all, or those who work in one's contracts."""
    scope = staff.scope(StaffPermission.USERS_VIEW)
    return scope.everywhere or scope.covers_any(contracts_of_account(account_id))


def _in_scope(staff: StaffActor, accounts: Sequence[User]) -> list[User]:
    """Return those of some accounts that somebody may see (one query, whatever their number)."""
    scope = staff.scope(StaffPermission.USERS_VIEW)
    if scope.everywhere:
        return list(accounts)
    access = scope.narrow(ContractAccess.objects.filter(user__in=accounts, until__isnull=True))
    seen = set(access.values_list("user_id", flat=True))
    return [user for user in accounts if user.id in seen]


def contracts_of_account(account_id: UUID) -> frozenset[UUID]:
    """Return the contracts in which an account works now, suspended ones too."""
    access = ContractAccess.objects.filter(user_id=account_id, until__isnull=True)
    return frozenset(access.values_list("contract_id", flat=True))


def contract_keys_of(user: User) -> frozenset[UUID]:
    """Return the same; no query for an account that was read `with_contracts`."""
    keys: list[UUID] | None = getattr(user, "contract_keys", None)
    return contracts_of_account(user.id) if keys is None else frozenset(keys)


def _accounts(search: Search) -> list[User]:
    match search.by:
        case SearchBy.EMAIL:
            found = [find_account_by_email(search.value)]
        case SearchBy.USERNAME:
            found = [find_account_by_username(search.value)]
        case SearchBy.IDENTIFIER:
            keys = (
                accounts_of_identifier(search.contract_id, search.value)
                if (search.contract_id)
                else []
            )
            return list(User.objects.filter(pk__in=keys).order_by("last_name", "first_name"))
    return [user for user in found if user is not None]


def _registrations(
    staff: StaffActor, search: Search, *, at: datetime
) -> list[UnfinishedRegistration]:
    registrations = unfinished_registrations()
    if registrations is None:
        return []
    scope = staff.scope(StaffPermission.REGISTRATIONS_VIEW)
    found = registrations.find(search, at=at)
    return [entry for entry in found if scope.covers(entry.contract_id)]


def _record(
    staff: StaffActor,
    by: str,
    found: Found,
    *,
    reason: str,
    contract_id: UUID | None,
    at: datetime,
) -> None:
    accounts = [user.id for user in found.accounts]
    record(
        "staff_search.made",
        contract_id=contract_id,
        actor_id=staff.user.id,
        subject=("account", accounts[0]) if len(accounts) == 1 else None,
        result="found" if accounts or found.registrations else "nothing",
        data={
            "by": by,
            "reason": reason,
            "accounts": [str(key) for key in accounts],
            "registrations": [str(entry.id) for entry in found.registrations],
        },
        at=at,
    )
