"""The permissions of the code are those of the documents."""

from typing import get_args

from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from tenants.configuration.staff import StaffPermission as InDocuments
from tenants.configuration.staff import StaffRoleName


def test_code_and_documents_know_the_same_permissions_and_roles() -> None:
    assert {permission.value for permission in StaffPermission} == set(get_args(InDocuments))
    assert set(StaffRole.values) == set(get_args(StaffRoleName))
