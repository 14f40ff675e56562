"""Grant memberships."""

from datetime import datetime
from uuid import UUID

from core.accounts.models import User
from core.accounts.services.accounts import grant_contract_access
from core.audit.recording import record
from core.groups.models import Membership, Provider, ProviderGroup, Role
from core.groups.selectors import contracts_of_group


def grant_group_admin(
    *, user: User, group: ProviderGroup, by: UUID | None, at: datetime
) -> Membership | None:
    """Make an account the Provider Group Admin of a group; None when it is already.

    Called by registration, by the import of accounts and by whoever gives the role here, in their
    transaction. The account works in every contract of the group from now on. Records
    `membership.granted`.
    """
    if Membership.objects.filter(user=user, group=group, until__isnull=True).exists():
        return None
    membership = Membership.objects.create(
        user=user, group=group, role=Role.GROUP_ADMIN, since=at, created_by=by or user.id
    )
    for contract_id in sorted(contracts_of_group(group.id)):
        grant_contract_access(user_id=user.id, contract_id=contract_id, at=at)
    _record(membership, by=by, at=at)
    return membership


def grant_provider_role(
    *, user: User, provider: Provider, role: str, by: UUID | None, at: datetime
) -> Membership | None:
    """Give an account a role for one provider; None when it has one there already.

    Called by the import of accounts and by whoever gives roles here, in their transaction. `role`
    is one at single providers that the contract has (`core.groups.roles`). Records
    `membership.granted`.
    """
    if Membership.objects.filter(Membership.OWN, user=user, provider=provider).exists():
        return None
    membership = Membership.objects.create(
        user=user, provider=provider, role=role, since=at, created_by=by or user.id
    )
    grant_contract_access(user_id=user.id, contract_id=provider.contract_id, at=at)
    _record(membership, by=by, at=at)
    return membership


def _record(membership: Membership, *, by: UUID | None, at: datetime) -> None:
    reach = (
        {"group": str(membership.group_id)}
        if membership.group_id
        else {"provider": str(membership.provider_id)}
    )
    record(
        "membership.granted",
        actor_id=by or membership.user_id,
        subject=("membership", membership.id),
        data={"role": str(membership.role), "account": str(membership.user_id), **reach},
        at=at,
    )
