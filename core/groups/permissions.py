"""What a role may do: one table."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from core.groups.models import Role


class Permission(StrEnum):
    """Everything that a page or service may ask for."""

    PROVIDER_VIEW = "provider.view"
    PROVIDER_ADD = "provider.add"
    PROVIDER_MANAGE = "provider.manage"
    USERS_MANAGE = "users.manage"


PERMISSIONS: Final[Mapping[str, frozenset[Permission]]] = {
    Role.GROUP_ADMIN.value: frozenset(Permission),
    Role.PROVIDER_ADMIN.value: frozenset({Permission.PROVIDER_VIEW, Permission.USERS_MANAGE}),
    Role.STAFF.value: frozenset({Permission.PROVIDER_VIEW}),
}
"""The three documented roles. Nobody grants what their own role does not hold."""


def role_may(role: str, permission: Permission) -> bool:
    """Tell whether a role holds a permission; an unknown role holds none."""
    return permission in PERMISSIONS.get(role, frozenset())
