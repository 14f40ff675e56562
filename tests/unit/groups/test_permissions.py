"""The documented roles as a table."""

from core.groups.models import Role
from core.groups.permissions import Permission
from core.groups.roles import role_may, roles_in
from tenants.configuration.roles import DOCUMENTED_ROLES


def test_the_documented_roles_are_always_there_with_the_names_of_the_documents() -> None:
    assert {role.key: role.name for role in roles_in(None)} == DOCUMENTED_ROLES
    assert dict(Role.choices) == DOCUMENTED_ROLES


def test_roles_are_steps_of_a_ladder() -> None:
    staff, provider_admin, group_admin = (role.permissions for role in roles_in(None))
    assert staff < provider_admin < group_admin
    assert group_admin == frozenset(Permission)
    assert group_admin - provider_admin == {Permission.PROVIDER_ADD, Permission.PROVIDER_MANAGE}


def test_staff_and_roles_that_are_no_longer_offered_see_the_provider_and_no_more() -> None:
    for role in (Role.STAFF.value, "owner"):
        held = {one for one in Permission if role_may(role, one, None)}
        assert held == {Permission.PROVIDER_VIEW}
