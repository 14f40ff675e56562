"""Provider groups, who works there, and who is about to."""

from core.groups.models.batches import BatchRow, InvitationBatch
from core.groups.models.invitations import Invitation
from core.groups.models.offices import AccessGrant, GrantEnd, Office, OfficeRegistration
from core.groups.models.providers import (
    LIVE_STATUSES,
    Membership,
    Provider,
    ProviderGroup,
    ProviderStatus,
    Role,
)
from core.groups.models.requests import JoinRequest, RecoveryRequest
from core.groups.models.reviews import (
    AccessConfirmation,
    ReviewNotice,
    ReviewStage,
    ReviewStart,
    Settlement,
    SuspendedRole,
)
from core.groups.models.weekly import WeeklyMail, WeeklyMailMade

__all__ = [
    "LIVE_STATUSES",
    "AccessConfirmation",
    "AccessGrant",
    "BatchRow",
    "GrantEnd",
    "Invitation",
    "InvitationBatch",
    "JoinRequest",
    "Membership",
    "Office",
    "OfficeRegistration",
    "Provider",
    "ProviderGroup",
    "ProviderStatus",
    "RecoveryRequest",
    "ReviewNotice",
    "ReviewStage",
    "ReviewStart",
    "Role",
    "Settlement",
    "SuspendedRole",
    "WeeklyMail",
    "WeeklyMailMade",
]
