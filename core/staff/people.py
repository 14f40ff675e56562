"""What apps to the left tell staff pages: identifiers, roles at providers, registrations under way.

They register themselves; nothing here knows providers or registrations.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class SearchBy(StrEnum):
    """What somebody is looked for by, always exactly."""

    EMAIL = "email"
    USERNAME = "username"
    IDENTIFIER = "identifier"


@dataclass(frozen=True)
class Search:
    """One look-up. `contract_id` is needed for an identifier, which is a program's own."""

    by: SearchBy
    value: str
    contract_id: UUID | None


@dataclass(frozen=True)
class UnfinishedRegistration:
    """A registration that has made no account yet. The address is masked."""

    id: UUID
    contract_id: UUID
    username: str
    name: str
    masked_email: str
    submitted_at: datetime
    reserved_until: datetime
    link_expires_at: datetime | None
    link_was_used: bool


@dataclass(frozen=True)
class HeldRole:
    """One role of an account at a provider. `contract_id` is None for what is in no contract."""

    contract_id: UUID | None
    where: str
    role: str
    since: datetime


class UnfinishedRegistrations(Protocol):
    """What the app of registrations registers."""

    def find(self, search: Search, *, at: datetime) -> Sequence[UnfinishedRegistration]:
        """Return those that a look-up names."""

    def get(self, key: UUID, *, at: datetime) -> UnfinishedRegistration | None:
        """Return one that can still be finished, or None."""

    def resend(self, key: UUID, *, at: datetime) -> datetime | None:
        """Mail a new link; returns from when on the next one is possible when it was too soon."""


ListHeldRoles = Callable[[UUID], Iterable[HeldRole]]
AccountsOfIdentifier = Callable[[UUID, str], Sequence[UUID]]
_identifier_finders: list[AccountsOfIdentifier] = []
_registrations: list[UnfinishedRegistrations] = []
_held_roles: list[ListHeldRoles] = []


def register_identifier_finder(find: AccountsOfIdentifier) -> None:
    """Name what finds the accounts of a provider: `find(contract_id, identifier)`.

    Called in `ready()` of the app that owns providers.
    """
    if find not in _identifier_finders:
        _identifier_finders.append(find)


def register_unfinished(registrations: UnfinishedRegistrations) -> None:
    """Name what knows registrations under way. Called in `ready()` of the app that owns them."""
    _registrations[:] = [registrations]


def register_held_roles(find: ListHeldRoles) -> None:
    """Name what lists an account's roles. Called in `ready()` of the app that owns them."""
    if find not in _held_roles:
        _held_roles.append(find)


def held_roles(user_id: UUID) -> list[HeldRole]:
    """Return the roles that an account holds at providers now, whatever the contract."""
    return [one for find in _held_roles for one in find(user_id)]


def accounts_of_identifier(contract_id: UUID, identifier: str) -> list[UUID]:
    """Return the accounts that work for the provider with an identifier in a contract."""
    found = [key for find in _identifier_finders for key in find(contract_id, identifier)]
    return list(dict.fromkeys(found))


def unfinished_registrations() -> UnfinishedRegistrations | None:
    """Return what knows registrations under way, None where no app registered."""
    return _registrations[0] if _registrations else None
