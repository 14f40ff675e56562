"""Give, change and end the roles of several users at several providers at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.groups.entering import Entered
from core.groups.models import Membership, Provider
from core.groups.services.holding import hold_groups
from core.groups.services.role_mails import RoleStep, sign_out_of_other_roles, tell_of_roles
from core.groups.services.roles import (
    ChangedMeanwhileError,
    place_role,
    replace_role,
    take_role,
)


@dataclass(frozen=True)
class RoleChange:
    """Another role of a user at a provider in place of the one that the page showed; or none."""

    user: User
    provider: Provider
    was: str | None
    role: str | None


@transaction.atomic
def set_roles(*, changes: Sequence[RoleChange], by: UUID, entered: Entered, at: datetime) -> None:
    """Make all changes, or none when one of them cannot be made.

    Called by Setup, which has loaded users and providers through the admin's reach. Roles for whole
    groups are not among them. One mail tells each user of all that is theirs. Records what
    `add_role`, `change_role` and `end_membership` record, and raises what they raise.
    """
    hold_groups({change.provider.group_id for change in changes})
    # In the order in which everybody locks accounts' access to contracts.
    for change in sorted(changes, key=lambda one: (one.provider.contract_id, one.user.id)):
        _set(change, by=by, entered=entered, at=at)
    steps = [
        RoleStep(one.user, one.provider, one.was, one.role)
        for one in changes
        if one.was != one.role
    ]
    tell_of_roles(steps, by=by, at=at)
    sign_out_of_other_roles(steps, by=by, at=at)


def _set(change: RoleChange, *, by: UUID, entered: Entered, at: datetime) -> None:
    if change.was is None:
        if change.role is not None:
            place_role(
                user=change.user,
                provider=change.provider,
                role=change.role,
                by=by,
                entered=entered,
                at=at,
            )
        return
    held = Membership.objects.filter(
        Membership.OWN, user=change.user, provider=change.provider
    ).first()
    if held is None:
        raise ChangedMeanwhileError
    if change.role is None:
        take_role(membership_id=held.id, was=change.was, by=by, entered=entered, at=at)
    else:
        replace_role(
            membership_id=held.id, was=change.was, role=change.role, by=by, entered=entered, at=at
        )
