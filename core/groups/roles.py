"""Which roles there are and what each may do: one table, to which a contract adds rows.

The three documented roles are the same everywhere. Those of a contract's document (`groups.roles`)
count at its own providers alone, and stand in memory with it: nothing here asks the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db.models import Q

from core.accounts.policies import find_contract
from core.groups.models import Role
from core.groups.permissions import Permission
from tenants import registry
from tenants.configuration.groups import GroupsSection
from tenants.configuration.roles import GroupRole


@dataclass(frozen=True)
class RoleTerms:
    """A role: what memberships keep, what people read, and what its holders may do."""

    key: str
    name: str
    sentence: str
    permissions: frozenset[Permission]
    to_third_parties: bool = False
    """Whether a provider's admin may give it to an office; by an access grant it counts only then.
    """


_WORKS_THERE: Final = frozenset({Permission.PROVIDER_VIEW})
_GROUP_WIDE: Final = frozenset({Permission.PROVIDER_ADD, Permission.PROVIDER_MANAGE})

STAFF: Final = RoleTerms(
    Role.STAFF.value,
    Role.STAFF.label,
    "Works for this provider and manages nobody. The usual choice.",
    _WORKS_THERE,
    to_third_parties=True,
)
PROVIDER_ADMIN: Final = RoleTerms(
    Role.PROVIDER_ADMIN.value,
    Role.PROVIDER_ADMIN.label,
    "Manages the users of the providers that are assigned to them.",
    frozenset(Permission) - _GROUP_WIDE,
)
GROUP_ADMIN: Final = RoleTerms(
    Role.GROUP_ADMIN.value,
    Role.GROUP_ADMIN.label,
    "Manages every provider and every user of the group.",
    frozenset(Permission),
)
"""The documented roles (documents 000 and 001, *Managing Users*)."""


def roles_in(contract_id: UUID | None) -> tuple[RoleTerms, ...]:
    """Return the roles at a contract's providers as the pages offer them, the standard one first.

    Without a contract, or with one that is not in service, the three documented ones.
    """
    contract = find_contract(contract_id) if contract_id else None
    added = _added(contract.document.groups) if contract else ()
    return (STAFF, *added, PROVIDER_ADMIN, GROUP_ADMIN)


def terms_of(role: str, contract_id: UUID | None) -> RoleTerms:
    """Return what a role means at a contract's providers.

    A key that the contract no longer has is worth what all roles are worth: its holders go on
    seeing the provider, and their admins see that another role is to be chosen.
    """
    for terms in roles_in(contract_id):
        if terms.key == role:
            return terms
    return RoleTerms(role, "A role that is no longer offered", "", _WORKS_THERE)


def is_offered(role: str, contract_id: UUID | None) -> bool:
    """Tell whether a contract has a role now: what it has no longer is given to nobody."""
    return any(one.key == role for one in roles_in(contract_id))


def means_the_same(role: str, contract_ids: Iterable[UUID]) -> bool:
    """Tell whether a role holds the same permissions in each of some contracts.

    The documented ones do. A key that two contracts add may stand for two things.
    """
    return len({terms_of(role, one).permissions for one in contract_ids}) <= 1


def role_name(role: str, contract_id: UUID | None) -> str:
    """Return what people call a role."""
    return terms_of(role, contract_id).name


def role_may(role: str, permission: Permission, contract_id: UUID | None) -> bool:
    """Tell whether a role holds a permission at a contract's providers."""
    return permission in terms_of(role, contract_id).permissions


def any_may(held: Iterable[str], permission: Permission, contract_id: UUID | None) -> bool:
    """Tell whether any of the roles that somebody holds at a provider holds a permission."""
    return any(role_may(role, permission, contract_id) for role in held)


def open_to_third_parties(groups: GroupsSection) -> frozenset[str]:
    """Return the roles that offices may get in a contract, by its document: none without access."""
    if not groups.third_parties:
        return frozenset()
    return frozenset({STAFF.key, *(role.key for role in groups.roles if role.third_parties)})


def permissions_by_grant(role: str, contract_id: UUID | None) -> frozenset[Permission]:
    """Return what a role is worth that somebody holds by an access grant.

    One that the contract does not open to third parties, or not any more, lets them see the
    provider. `holding` asks the database the same.
    """
    terms = terms_of(role, contract_id)
    return terms.permissions if terms.to_third_parties else _WORKS_THERE


def permissions_of(held: Iterable[tuple[str, UUID | None, UUID | None]]) -> frozenset[Permission]:
    """Return all that roles hold, each with its contract and the grant by which it is held."""
    found = (
        permissions_by_grant(role, contract_id)
        if grant_id
        else terms_of(role, contract_id).permissions
        for role, contract_id, grant_id in held
    )
    return frozenset[Permission]().union(*found)


def with_present(present: RoleTerms, offered: Iterable[RoleTerms]) -> tuple[RoleTerms, ...]:
    """Return the roles to choose from in place of one, which may be offered no longer."""
    roles = tuple(offered)
    return roles if present in roles else (present, *roles)


def holding(permission: Permission) -> Q:
    """Narrow memberships to those whose role holds a permission where it is held."""
    if permission in _WORKS_THERE:
        return Q()
    own = Q(role__in=_keys(roles_in(None), permission))
    by_grant = Q()
    for contract_id, added in added_roles():
        if keys := _keys(added, permission):
            own |= Q(role__in=keys, provider__contract=contract_id)
        if keys := _keys([one for one in added if one.to_third_parties], permission):
            by_grant |= Q(role__in=keys, provider__contract=contract_id)
    own &= Q(grant__isnull=True)
    return own | (by_grant & Q(grant__isnull=False)) if by_grant else own


def added_roles() -> tuple[tuple[UUID, tuple[RoleTerms, ...]], ...]:
    """Return the roles that contracts add: what `holding` depends on."""
    contracts = registry.list_contracts()
    return tuple((one.id, added) for one in contracts if (added := _added(one.document.groups)))


def _keys(roles: Iterable[RoleTerms], permission: Permission) -> list[str]:
    return [one.key for one in roles if permission in one.permissions]


def _added(groups: GroupsSection) -> tuple[RoleTerms, ...]:
    return tuple(
        _terms_of(role, to_third_parties=groups.third_parties and role.third_parties)
        for role in groups.roles
    )


@lru_cache(maxsize=256)
def _terms_of(role: GroupRole, *, to_third_parties: bool) -> RoleTerms:
    named = {Permission(name) for name in role.permissions}
    holds = _WORKS_THERE | {Permission.USERS_VIEW} | named
    return RoleTerms(role.key, role.name, role.sentence, holds, to_third_parties)
