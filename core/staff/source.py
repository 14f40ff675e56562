"""Staff invitations as a source of MFA registrations (core.mfa.registering.sources)."""

from datetime import datetime
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import find_contract, policy_of
from core.accounts.services.accounts import create_account
from core.mfa.registering.sources import CompletedRegistration, SourceDescription, SourceGoneError
from core.notifications.services.outbox import enqueue
from core.staff.policies import staff_methods
from core.staff.selectors import list_open_invitations
from core.staff.services.invitations import INVITATION_KIND, hold_by_follow, take_role


class StaffInvitationSource:
    """Makes the account of somebody who was invited to a staff role."""

    def describe(self, source_id: UUID) -> SourceDescription:
        """Return who registers, under the deployment's policy for staff. Raises SourceGoneError."""
        invitation = list_open_invitations().filter(follow_id=source_id).first()
        if invitation is None:
            raise SourceGoneError
        contract = find_contract(invitation.contract_id) if invitation.contract_id else None
        policy = policy_of([contract] if contract else [], staff=True)
        return SourceDescription(
            contract_id=None,
            email=invitation.email,
            first_name=invitation.first_name,
            last_name=invitation.last_name,
            username=invitation.username,
            policy=policy,
            methods=staff_methods(),
            counted_under=invitation.id,
        )

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        """Make the account with its role, in the completing transaction.

        Raises SourceGoneError, UsernameTakenError, EmailTakenError.
        """
        invitation = hold_by_follow(source_id)
        if invitation is None:
            raise SourceGoneError
        user = create_account(
            username=invitation.username,
            email=result.email,
            first_name=invitation.first_name,
            last_name=invitation.last_name,
            password_hash=result.password_hash,
            by=invitation.invited_by,
            at=at,
            phone=result.phone or "",
        )
        return take_role(invitation, user, at=at)

    def send_link(self, source_id: UUID, *, at: datetime) -> None:
        """Mail a new link to the invited address, in the caller's transaction. SourceGoneError."""
        invitation = hold_by_follow(source_id)
        if invitation is None:
            raise SourceGoneError
        enqueue(
            kind=INVITATION_KIND,
            to=invitation.email,
            subject_id=invitation.id,
            contract_id=invitation.contract_id,
            at=at,
        )
