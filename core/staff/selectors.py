"""Reads of staff roles and invitations."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from core.accounts.models import User
from core.common.without_case import same_text
from core.staff.models import ServiceAccount, StaffIdentity, StaffInvitation, StaffMember


def list_roles(user_id: UUID, *, at: datetime) -> QuerySet[StaffMember]:
    """Return the roles that an account holds at this moment."""
    return list_staff(at=at).filter(user_id=user_id)


def list_staff(*, at: datetime) -> QuerySet[StaffMember]:
    """Return all roles that hold at this moment, oldest first."""
    still = Q(until__isnull=True) | Q(until__gt=at)
    return StaffMember.objects.filter(still, ended_at__isnull=True).order_by("granted_at", "id")


def list_due_roles(*, at: datetime) -> QuerySet[StaffMember]:
    """Return the roles whose time is over and which nobody has ended yet."""
    return StaffMember.objects.filter(until__lte=at, ended_at__isnull=True)


def holds_role_in(user_id: UUID, contract_id: UUID) -> bool:
    """Tell whether an account has a staff role for a contract that nobody has ended."""
    return StaffMember.objects.filter(
        user_id=user_id, contract_id=contract_id, ended_at__isnull=True
    ).exists()


def list_roles_of_service(account: ServiceAccount) -> list[StaffMember]:
    """Return the roles that a service account holds; those that it held where it holds none."""
    rows = list(StaffMember.objects.filter(user_id=account.user_id).order_by("granted_at"))
    return [row for row in rows if row.ended_at is None] or rows


def in_reach(contract_id: UUID | None) -> Q:
    """Return the condition for what is for one contract, or for the whole deployment (None)."""
    return Q(contract__isnull=True) if contract_id is None else Q(contract_id=contract_id)


def list_open_invitations() -> QuerySet[StaffInvitation]:
    """Return the invitations that can still be accepted or sent again, oldest first."""
    return StaffInvitation.objects.filter(
        accepted_at__isnull=True, withdrawn_at__isnull=True
    ).order_by("invited_at", "id")


def find_followed_invitation(invitation_id: UUID) -> StaffInvitation | None:
    """Return an open invitation whose link was used, or None."""
    return list_open_invitations().filter(pk=invitation_id, link_used_at__isnull=False).first()


def inviter_of(invitation: StaffInvitation) -> str:
    """Return the name of who invites, "" where the command did or the account is gone."""
    if invitation.invited_by is None:
        return ""
    inviter = User.objects.filter(pk=invitation.invited_by).first()
    return inviter.get_full_name() if inviter else ""


def find_identity(*, issuer: str, subject: str) -> StaffIdentity | None:
    """Return whose account an identity provider's subject is, or None."""
    return (
        StaffIdentity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    )


def list_invited_under(name: str) -> QuerySet[StaffInvitation]:
    """Return the open invitations that hold a username."""
    return list_open_invitations().filter(same_text("username", name))
