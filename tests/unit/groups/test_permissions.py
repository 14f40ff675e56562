"""Roles as a table."""

from core.groups.models import Role
from core.groups.permissions import PERMISSIONS, Permission, role_may


def test_every_role_has_a_row() -> None:
    assert set(PERMISSIONS) == set(Role.values)


def test_roles_are_steps_of_a_ladder() -> None:
    staff, provider_admin, group_admin = (
        PERMISSIONS[role] for role in (Role.STAFF, Role.PROVIDER_ADMIN, Role.GROUP_ADMIN)
    )
    assert staff < provider_admin < group_admin
    assert group_admin == frozenset(Permission)


def test_staff_manage_nobody_and_unknown_roles_nothing() -> None:
    assert not role_may(Role.STAFF, Permission.USERS_MANAGE)
    assert not any(role_may("owner", permission) for permission in Permission)
