"""Provider groups, who works there, and who is about to."""

from core.groups.models.batches import BatchRow, InvitationBatch
from core.groups.models.invitations import Invitation
from core.groups.models.providers import Membership, Provider, ProviderGroup, ProviderStatus, Role
from core.groups.models.requests import JoinRequest, RecoveryRequest

__all__ = [
    "BatchRow",
    "Invitation",
    "InvitationBatch",
    "JoinRequest",
    "Membership",
    "Provider",
    "ProviderGroup",
    "ProviderStatus",
    "RecoveryRequest",
    "Role",
]
