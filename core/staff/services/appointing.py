"""Staff who appoint staff on the pages: within their reach, with a reason, and never themselves.

The command line (`manage.py staff`) goes straight to `invitations` and `members`: whoever can run
it holds the keys already.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from core.common.errors import DomainError
from core.staff.models import StaffInvitation, StaffMember, StaffRole
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from core.staff.services.desk import OwnAccountError, tell_of_act
from core.staff.services.invitations import invite_staff, withdraw_invitation
from core.staff.services.members import check_reach, end_role
from core.staff.services.refusals import record_staff_refusal
from tenants import registry


class NotInReachError(DomainError):
    """A role for a contract, or for the whole deployment, where the person manages no staff."""

    code: ClassVar[str] = "staff_not_in_reach"
    message: ClassVar[str] = "You appoint staff for your own programs only."


class ByClaimsError(DomainError):
    """A role that an identity provider gives comes back with the next sign-in."""

    code: ClassVar[str] = "staff_role_by_claims"
    message: ClassVar[str] = (
        "The company sign-in gives this role. End it there: here it would come back with the next "
        "sign-in."
    )


@dataclass(frozen=True)
class Appointment:
    """Who is to hold which role, where (None: the whole deployment), and until the end of a day."""

    email: str
    role: StaffRole
    contract_id: UUID | None
    last_day: date | None = None


@transaction.atomic
def appoint(
    *, staff: StaffActor, appointment: Appointment, reason: str, at: datetime
) -> StaffInvitation:
    """Mail an invitation in the name of a member who manages staff there.

    Called by the page, after a fresh sign-in. Whether the address has an account, and holds the
    role already, makes no difference to the answer. Records `staff_invitation.sent` with the
    reason. Raises WrongReachError, NotInReachError.
    """
    check_reach(appointment.role, appointment.contract_id)
    if not may_manage(staff, appointment.contract_id):
        raise NotInReachError
    day = appointment.last_day
    return invite_staff(
        email=appointment.email,
        role=appointment.role,
        contract_id=appointment.contract_id,
        until=end_of_day(day) if day else None,
        reason=reason,
        by=staff.user.id,
        at=at,
    )


@transaction.atomic
def withdraw(*, staff: StaffActor, invitation: StaffInvitation, reason: str, at: datetime) -> bool:
    """Take an invitation back; False when it is over already. Records why. NotInReachError."""
    _require(staff, invitation.contract_id)
    return withdraw_invitation(invitation_id=invitation.id, reason=reason, by=staff.user.id, at=at)


@transaction.atomic
def dismiss(*, staff: StaffActor, member: StaffMember, reason: str, at: datetime) -> bool:
    """End somebody's role and sessions and tell them by mail; False when it has ended already.

    Records `staff_role.ended` with the reason. Raises NotInReachError, OwnAccountError (the last
    operator must not shut everybody out by a slip) and ByClaimsError.
    """
    _require(staff, member.contract_id)
    if member.user_id == staff.user.id:
        raise OwnAccountError
    if member.issuer:
        raise ByClaimsError
    if not end_role(member_id=member.id, reason=reason, by=staff.user.id, at=at):
        return False
    tell_of_act(member.user_id, "role_ended", at=at)
    return True


def may_manage(staff: StaffActor, contract_id: UUID | None) -> bool:
    """Tell whether somebody appoints staff for a contract, or (None) for the whole deployment."""
    return staff.scope(StaffPermission.STAFF_MANAGE).covers(contract_id)


def note_refused(staff: StaffActor, contract_id: UUID | None, *, at: datetime) -> None:
    """Record that somebody tried to appoint where they may not (`staff_access.refused`).

    Apart from the act, whose transaction leaves nothing.
    """
    record_staff_refusal(
        user_id=staff.user.id,
        permission=StaffPermission.STAFF_MANAGE.value,
        contract_id=contract_id,
        at=at,
    )


def end_of_day(day: date) -> datetime:
    """Return the end of a day in the deployment's time zone."""
    zone = ZoneInfo(registry.get_deployment().deployment.time_zone)
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)


def _require(staff: StaffActor, contract_id: UUID | None) -> None:
    if not may_manage(staff, contract_id):
        raise NotInReachError
