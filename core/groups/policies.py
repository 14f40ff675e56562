"""Who may give, change and end which role. Roles in, an answer out; no query."""

from collections.abc import Container, Iterable
from uuid import UUID

from core.groups.models import Membership, Role
from core.groups.permissions import Permission
from core.groups.roles import RoleTerms, roles_in, terms_of, with_present


def roles_to_give(
    held: Iterable[str], permission: Permission, *, contract_id: UUID | None
) -> tuple[RoleTerms, ...]:
    """Return the roles at a contract's providers that the holder of some roles may give.

    `permission` is by what: roles.manage, users.invite or requests.decide. Nobody gives a right
    that the role itself by which they act does not hold: a Provider Admin makes and ends Provider
    Admins and Provider Staff Accounts, never a Provider Group Admin.
    """
    acting = _acting(held, permission, contract_id)
    return tuple(role for role in roles_in(contract_id) if _is_within(role, acting))


def roles_in_place(present: RoleTerms, offered: Iterable[RoleTerms]) -> tuple[RoleTerms, ...]:
    """Return what may take the place of a role that somebody has, of the roles one may give there.

    Nothing where it holds more than any of them. One that is offered no longer is worth least, and
    stands among them.
    """
    roles = tuple(offered)
    may = any(present.permissions <= one.permissions for one in roles)
    return with_present(present, roles) if may else ()


def may_manage(
    held: Iterable[str], role: str, permission: Permission, *, contract_id: UUID | None
) -> bool:
    """Tell whether the holder of some roles may act on a role, or on who holds it."""
    return _is_within(terms_of(role, contract_id), _acting(held, permission, contract_id))


def worth(role: str, *, entered: bool) -> str:
    """Return what a role is worth to a session which has entered all that its group reaches or not.

    A Provider Group Admin acts as a Provider Admin until every contract of the group is entered.
    """
    return role if entered or role != Role.GROUP_ADMIN else Role.PROVIDER_ADMIN.value


def roles_reaching(
    own: Iterable[Membership],
    *,
    group_id: UUID,
    provider_id: UUID | None,
    partly_entered: Container[UUID] = (),
) -> set[str]:
    """Return the roles, of memberships that somebody holds, that reach a provider of a group.

    Without a provider: that reach the whole group. One by an access grant is nothing to act by:
    third parties read. `services.roles` asks the database the same. Of groups that are entered in
    part a role counts for what it is worth then.
    """
    return {
        worth(one.role, entered=group_id not in partly_entered)
        for one in own
        if one.grant_id is None
        and (
            one.group_id == group_id or (provider_id is not None and one.provider_id == provider_id)
        )
    }


def _acting(
    held: Iterable[str], permission: Permission, contract_id: UUID | None
) -> list[frozenset[Permission]]:
    found = [terms_of(role, contract_id).permissions for role in held]
    return [permissions for permissions in found if permission in permissions]


def _is_within(role: RoleTerms, acting: Iterable[frozenset[Permission]]) -> bool:
    return any(role.permissions <= own for own in acting)
