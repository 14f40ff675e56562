"""What staff may do, and which role holds it: the deployment's document says so."""

from enum import StrEnum

from core.staff.models import StaffRole
from tenants import registry


class StaffPermission(StrEnum):
    """Everything that a staff page or service may ask for; the names of the documents."""

    CONTRACTS_VIEW = "contracts.view"
    CONTRACTS_CONFIGURE = "contracts.configure"
    CONTRACTS_PUBLISH = "contracts.publish"
    CONTRACTS_PROVISION = "contracts.provision"
    NOTICES_PUBLISH = "notices.publish"
    DEPLOYMENT_VIEW = "deployment.view"
    DEPLOYMENT_PUBLISH = "deployment.publish"
    ROSTER_VIEW = "roster.view"
    ROSTER_IMPORT = "roster.import"
    CODES_ISSUE = "codes.issue"
    REGISTRATIONS_VIEW = "registrations.view"
    REGISTRATIONS_DECIDE = "registrations.decide"
    USERS_VIEW = "users.view"
    USERS_UNLOCK = "users.unlock"
    USERS_RESEND = "users.resend"
    USERS_RESET = "users.reset"
    USERS_DEACTIVATE = "users.deactivate"
    STAFF_VIEW = "staff.view"
    STAFF_MANAGE = "staff.manage"
    OUTBOX_VIEW = "outbox.view"
    OPERATIONS_VIEW = "operations.view"
    OPERATIONS_ACT = "operations.act"
    REPORTS_VIEW = "reports.view"
    AUDIT_VIEW = "audit.view"
    WEBHOOKS_VIEW = "webhooks.view"
    WEBHOOKS_MANAGE = "webhooks.manage"


def permissions_of(role: str) -> frozenset[str]:
    """Return what the holders of a role may do; an unknown role holds nothing."""
    if role not in StaffRole.values:
        return frozenset()
    return frozenset(getattr(registry.get_deployment().staff_roles, role).permissions)


def role_may(role: str, permission: StaffPermission) -> bool:
    """Tell whether a role holds a permission."""
    return permission.value in permissions_of(role)
