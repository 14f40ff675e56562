"""Move a user from one provider to another."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.services.accounts import release_contract_access
from core.groups.entering import Entered
from core.groups.models import Membership, Provider
from core.groups.services.holding import hold_groups
from core.groups.services.role_mails import RoleStep, tell_of_roles
from core.groups.services.roles import (
    ChangedMeanwhileError,
    end_memberships,
    group_of,
    hold_membership,
    place_role,
    record_change,
    require_same_role,
)


@transaction.atomic
def move_role(
    *, membership_id: UUID, was: str, to: Provider, by: UUID, entered: Entered, at: datetime
) -> Membership:
    """Give a user the role that they have at one provider at another one in its place.

    Called by Setup, which has loaded both through the admin's reach: the admin has to manage the
    role at either, and it has to be the same one there. Both or nothing: the user is never without
    a role in between. A role for a whole group is at no provider and is not moved. One mail tells
    the user of both. Records `membership.granted` and `membership.moved`. Raises
    ChangedMeanwhileError, also when the user has a role there already, RoleDiffersError,
    RoleNotYoursError, RoleNotOfferedError, NotEnteredError.
    """
    hold_groups([group_of(membership_id), to.group_id])
    held = hold_membership(membership_id, was=was, by=by, entered=entered)
    if held.provider is None:
        raise ChangedMeanwhileError
    require_same_role(was, [held.provider, to])
    # In the order in which everybody locks an account's access to contracts.
    leaves_first = held.provider.contract_id < to.contract_id
    if leaves_first:
        _leave(held, held.provider, at=at)
    made = place_role(user=held.user, provider=to, role=was, by=by, entered=entered, at=at)
    if not leaves_first:
        _leave(held, held.provider, at=at)
    data: dict[str, object] = {"role": was, "to": str(to.id), "as": str(made.id)}
    record_change("moved", held, by=by, at=at, data=data)
    steps = [RoleStep(held.user, held.provider, was, None), RoleStep(held.user, to, None, was)]
    tell_of_roles(steps, by=by, at=at)
    return made


def _leave(held: Membership, place: Provider, *, at: datetime) -> None:
    end_memberships([held], at=at)
    release_contract_access(user_id=held.user_id, contract_id=place.contract_id, at=at)
