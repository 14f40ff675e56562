"""Confirm after all, or let go, what an access review has suspended, on behalf of an admin."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.groups.entering import Entered, require_entered
from core.groups.models import Membership, Settlement, SuspendedRole
from core.groups.permissions import Permission
from core.groups.policies import may_manage
from core.groups.reviewing.terms import waiting_suspensions
from core.groups.selectors import contracts_of_group
from core.groups.services.holding import hold_group
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.reviews import OwnRoleError
from core.groups.services.role_mails import RoleStep, sign_out_of_other_roles, tell_of_roles
from core.groups.services.roles import (
    ChangedMeanwhileError,
    RoleNotYoursError,
    group_of,
    record_change,
    require_role,
    roles_over,
)


@transaction.atomic
def give_back_role(*, suspension_id: UUID, by: UUID, entered: Entered, at: datetime) -> Membership:
    """Confirm a suspended role: the person has it again, as if it were given now.

    Called by Setup, which has loaded it through the admin's reach. It takes what giving the role
    takes, because it is that: the admin's own role holds it, the program still has it, all is
    entered. The person is told by mail. Records `membership.granted`. Raises ChangedMeanwhileError
    when somebody was first or the provider was given up, OwnRoleError, RoleNotYoursError,
    RoleNotOfferedError, NotEnteredError.
    """
    waiting = _hold(suspension_id)
    was = waiting.membership
    if was.user_id == by:
        raise OwnRoleError
    _require(was, by=by, entered=entered, gives=True)
    if was.provider is not None:
        made = grant_provider_role(
            user=was.user, provider=was.provider, role=was.role, by=by, at=at
        )
    else:
        assert was.group is not None  # noqa: S101 (membership_role_fits_its_reach)
        made = grant_group_admin(user=was.user, group=was.group, by=by, at=at)
    if made is None:
        raise ChangedMeanwhileError
    _settle(waiting, Settlement.GIVEN_BACK, by=by, at=at)
    place = was.provider or was.group
    assert place is not None  # noqa: S101 (membership_role_fits_its_reach)
    step = RoleStep(was.user, place, None, was.role)
    tell_of_roles([step], by=by, at=at)
    sign_out_of_other_roles([step], by=by, at=at)
    return made


@transaction.atomic
def let_role_go(*, suspension_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
    """Take a suspended role off the list for good; the person has lost it before.

    Called by Setup like `give_back_role`, for a role that the program may have no longer. Records
    `membership.let_go`. Raises ChangedMeanwhileError, RoleNotYoursError, NotEnteredError.
    """
    waiting = _hold(suspension_id)
    _require(waiting.membership, by=by, entered=entered, gives=False)
    _settle(waiting, Settlement.LET_GO, by=by, at=at)
    role = {"role": waiting.membership.role}
    record_change("let_go", waiting.membership, by=by, at=at, data=dict(role))


def _hold(suspension_id: UUID) -> SuspendedRole:
    """Return a suspended role that still waits, with its group held. ChangedMeanwhileError."""
    rows = SuspendedRole.objects.filter(pk=suspension_id)
    hold_group(group_of(rows.values_list("membership", flat=True).get()))
    waiting = (
        waiting_suspensions()
        .select_related("membership__user", "membership__group", "membership__provider__group")
        .filter(pk=suspension_id)
        .first()
    )
    if waiting is None:
        raise ChangedMeanwhileError
    return waiting


def _require(was: Membership, *, by: UUID, entered: Entered, gives: bool) -> None:
    """Make sure that an admin may give what a role was, or take it off the list."""
    review = Permission.ACCESS_REVIEW
    if was.provider is not None:
        require_role(by, was.provider, was.role, review, entered=entered, gives=gives)
        return
    if not may_manage(roles_over(by, was), was.role, review, contract_id=None):
        raise RoleNotYoursError
    require_entered(contracts_of_group(was.within), entered)


def _settle(waiting: SuspendedRole, settlement: Settlement, *, by: UUID, at: datetime) -> None:
    waiting.settlement, waiting.settled_by, waiting.settled_at = settlement, by, at
    waiting.save(update_fields=["settlement", "settled_by", "settled_at"])
