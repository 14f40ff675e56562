"""Accept an invitation: its roles begin, as far as whoever invited may still give them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.groups.models import Invitation, Office, Provider, ProviderStatus, Role
from core.groups.permissions import Permission
from core.groups.policies import may_manage
from core.groups.roles import is_offered
from core.groups.selectors import list_own_memberships_at
from core.groups.services.holding import hold_group
from core.groups.services.invitations import (
    InvitationOverError,
    InvitationWaitsError,
    OtherAddressError,
    hold_invitation,
    reach_of_role,
    record_invitation,
)
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.offices import administers_office, find_office, join_office
from core.groups.services.roles import roles_to_act_with


@transaction.atomic
def accept_invitation(*, invitation_id: UUID, user: User, at: datetime) -> None:
    """Give the signed-in owner of the invited address the role.

    Called by the page behind the link. Records `invitation.accepted`. Raises InvitationOverError,
    OtherAddressError.
    """
    invitation = hold_invitation(invitation_id)
    if invitation.link_used_at is None:
        raise InvitationOverError
    if invitation.email != user.email.lower():
        raise OtherAddressError
    take_roles(invitation, user, at=at)


def take_roles(invitation: Invitation, user: User, *, at: datetime) -> None:
    """Close an invitation with the roles that it gives, in the caller's transaction.

    Called when a new account is complete, or its owner has accepted. Whoever invited must still be
    able to give the role, and its contract still have it: the invitations of an admin who was
    removed, or whose account is closed, give nothing any more; nor does one to a group that has
    grown into a contract which they had not entered. Providers that are leaving the roster get
    nobody. Raises InvitationOverError when nothing is left to give, InvitationWaitsError when the
    others are leaving.
    """
    hold_group(invitation.group_id)
    office = find_office(invitation.group_id)
    if office is not None:
        _take_office_role(invitation, office, user, at=at)
    else:
        _take_provider_roles(invitation, user, at=at)
    invitation.accepted_at, invitation.accepted_by = at, user.id
    invitation.token_digest = None
    invitation.save(update_fields=["accepted_at", "accepted_by", "token_digest"])
    record_invitation("accepted", invitation, by=user.id, at=at)


def _take_office_role(invitation: Invitation, office: Office, user: User, *, at: datetime) -> None:
    if office.closed_at is not None or not administers_office(invitation.invited_by, office):
        raise InvitationOverError
    join_office(office, user, Role(invitation.role), by=invitation.invited_by, at=at)


def _take_provider_roles(invitation: Invitation, user: User, *, at: datetime) -> None:
    grown = reach_of_role(invitation.group_id, invitation.role)
    if not set(grown) <= set(invitation.reaches):
        raise InvitationOverError
    active = invitation.providers.filter(status=ProviderStatus.ACTIVE).order_by("contract", "id")
    still = [provider for provider in active if _may_still_give(invitation, provider)]
    if not still:
        raise InvitationOverError
    open_now = [provider for provider in still if provider.suspends_at is None]
    if not open_now:
        raise InvitationWaitsError
    for provider in open_now:
        _grant(invitation, user, provider, at=at)


def _may_still_give(invitation: Invitation, provider: Provider) -> bool:
    return is_offered(invitation.role, provider.contract_id) and may_manage(
        roles_to_act_with(invitation.invited_by, provider),
        invitation.role,
        Permission.USERS_INVITE,
        contract_id=provider.contract_id,
    )


def _grant(invitation: Invitation, user: User, provider: Provider, *, at: datetime) -> None:
    by = invitation.invited_by
    if invitation.role == Role.GROUP_ADMIN:
        grant_group_admin(user=user, group=provider.group, by=by, at=at)
    elif not list_own_memberships_at(provider).filter(user=user).exists():
        grant_provider_role(user=user, provider=provider, role=invitation.role, by=by, at=at)
