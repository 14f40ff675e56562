"""Who may give, change and end which role. Pure: roles in, an answer out."""

from collections.abc import Container, Iterable, Mapping
from typing import Final
from uuid import UUID

from core.groups.models import Membership, Role
from core.groups.permissions import PERMISSIONS, Permission, role_may

ROLES_IN_ORDER: Final = (Role.STAFF, Role.PROVIDER_ADMIN, Role.GROUP_ADMIN)
"""As the pages offer them: the standard role first."""
SENTENCES: Final[Mapping[str, str]] = {
    Role.STAFF.value: "Works for this provider and manages nobody. The usual choice.",
    Role.PROVIDER_ADMIN.value: "Manages the users of the providers that are assigned to them.",
    Role.GROUP_ADMIN.value: "Manages every provider and every user of the group.",
}
"""One sentence for each role, where it is chosen (documents 000 and 001, *Managing Users*)."""


def roles_to_give(held: Iterable[str]) -> tuple[Role, ...]:
    """Return the roles that the holder of some roles may give, change and end.

    Nobody gives a right that none of their own roles holds: a Provider Admin makes and ends
    Provider Admins and Provider Staff Accounts, never a Provider Group Admin.
    """
    managing = [role for role in held if role_may(role, Permission.USERS_MANAGE)]
    return tuple(
        role
        for role in ROLES_IN_ORDER
        if any(PERMISSIONS[role.value] <= PERMISSIONS[own] for own in managing)
    )


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

    Without a provider: that reach the whole group. `services.roles` asks the database the same.
    Of groups that are entered in part a role counts for what it is worth then.
    """
    return {
        worth(one.role, entered=group_id not in partly_entered)
        for one in own
        if one.group_id == group_id or (provider_id is not None and one.provider_id == provider_id)
    }


def may_manage(held: Iterable[str], role: str) -> bool:
    """Tell whether the holder of some roles may give, change or end a role."""
    return role in roles_to_give(held)
