"""Invitations as a source of MFA registrations (core.mfa.registering.sources)."""

from datetime import datetime
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import find_contracts, policy_of, site_policy
from core.accounts.services.accounts import create_account
from core.groups.invitation_facts import contract_inviting
from core.groups.models import Invitation, ProviderStatus
from core.groups.permissions import Permission
from core.groups.roles import role_may
from core.groups.services.accepting import take_roles
from core.groups.services.invitations import (
    INVITATION_KIND,
    InvitationOverError,
    hold_by_follow,
)
from core.mfa.registering.sources import CompletedRegistration, SourceDescription, SourceGoneError
from core.notifications.services.outbox import enqueue


class InvitationSource:
    """Makes the account of somebody whom an admin invited."""

    def describe(self, source_id: UUID) -> SourceDescription:
        """Return who registers, under the strictest policy of the contracts. SourceGoneError."""
        invitation = Invitation.objects.filter(Invitation.OPEN, follow_id=source_id).first()
        if invitation is None:
            raise SourceGoneError
        contract = contract_inviting(invitation)
        active = invitation.providers.filter(status=ProviderStatus.ACTIVE)
        keys = set(active.values_list("contract_id", flat=True))
        contracts = find_contracts(keys)
        sees_setup = any(
            role_may(invitation.role, Permission.USERS_VIEW, key) for key in keys or [None]
        )
        return SourceDescription(
            contract_id=contract.id if contract else None,
            email=invitation.email,
            first_name=invitation.first_name,
            last_name=invitation.last_name,
            username=invitation.username,
            policy=policy_of(contracts or ([contract] if contract else [])),
            methods=site_policy(contract).mfa.accepted_of(admin=sees_setup),
            counted_under=invitation.id,
        )

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        """Make the account with its roles, in the completing transaction.

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
            phone=result.phone or invitation.phone,
            fax=invitation.fax,
            address_1=invitation.address_1,
            address_2=invitation.address_2,
            city=invitation.city,
            state=invitation.state,
            zip=invitation.zip,
            by=None,
            at=at,
        )
        try:
            take_roles(invitation, user, at=at)
        except InvitationOverError as error:
            raise SourceGoneError from error
        return User.objects.get(pk=user.pk)

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
