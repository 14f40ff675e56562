"""What tokens of the API may carry: permissions that one of its calls asks for."""

from typing import Final

from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor

API_RIGHTS: Final = {
    StaffPermission.CONTRACTS_VIEW: "Read contracts, their configuration and its history",
    StaffPermission.CONTRACTS_CONFIGURE: "Plan changes and ask for their publication",
    StaffPermission.CONTRACTS_PUBLISH: "Publish and roll back configurations",
    StaffPermission.CONTRACTS_PROVISION: "Make new contracts",
    StaffPermission.ROSTER_VIEW: "Read rosters and uploads",
    StaffPermission.ROSTER_IMPORT: "Upload rosters and swap them in",
    StaffPermission.CODES_ISSUE: "Issue and revoke registration codes",
    StaffPermission.REGISTRATIONS_VIEW: "Read the providers that registered, and their groups",
    StaffPermission.USERS_VIEW: "Find accounts",
    StaffPermission.USERS_UNLOCK: "Unlock accounts",
    StaffPermission.USERS_RESEND: "Send links to complete a registration again",
    StaffPermission.USERS_RESET: "Reset registrations",
    StaffPermission.USERS_DEACTIVATE: "Deactivate accounts",
    StaffPermission.AUDIT_VIEW: "Read the audit trail",
    StaffPermission.WEBHOOKS_VIEW: "Read webhooks and their deliveries",
    StaffPermission.WEBHOOKS_MANAGE: "Make, change and delete webhooks, and send again",
}
"""In the order of the page; the words finish "This token may"."""


def rights_of(staff: StaffActor) -> list[StaffPermission]:
    """Return the rights of the API that somebody holds anywhere."""
    return [right for right in API_RIGHTS if staff.may(right)]
