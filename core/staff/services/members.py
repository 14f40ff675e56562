"""Give and end staff roles. The account's sessions end with every change (account-security.md)."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.services.accounts import (
    end_sessions,
    grant_contract_access,
    note_staff,
    release_contract_access,
)
from core.audit.recording import record
from core.common.errors import DomainError
from core.staff.models import StaffMember, StaffRole
from core.staff.selectors import in_reach


class WrongReachError(DomainError):
    """A contract admin without a contract, or an operator for one."""

    code: ClassVar[str] = "staff_role_reach"

    def __init__(self, role: str) -> None:
        super().__init__(
            "An operator works for the whole deployment, not for one program."
            if role == StaffRole.OPERATOR
            else "A contract admin works in one program, which has to be named."
        )


def check_reach(role: str, contract_id: UUID | None) -> None:
    """Raise WrongReachError unless a role can be held there."""
    needs, refuses = role == StaffRole.CONTRACT_ADMIN, role == StaffRole.OPERATOR
    if (needs and contract_id is None) or (refuses and contract_id is not None):
        raise WrongReachError(role)


@transaction.atomic
def grant_role(
    *,
    user_id: UUID,
    role: StaffRole,
    contract_id: UUID | None,
    by: UUID | None,
    at: datetime,
    until: datetime | None = None,
    issuer: str = "",
) -> StaffMember:
    """Give an account a role; one that it holds already until the same moment is returned as it is.

    Called when an invitation is accepted, and by sign-ins through an identity provider (`issuer`).
    One with another end takes the place of what is held. Sessions of the account end. Records
    `staff_role.granted`, and `staff_role.ended` of what it replaces. Raises WrongReachError.
    """
    check_reach(role, contract_id)
    User.objects.select_for_update().get(pk=user_id)
    held = StaffMember.objects.filter(
        in_reach(contract_id), user_id=user_id, role=role, issuer=issuer, ended_at__isnull=True
    ).first()
    if held is not None:
        if held.holds(at) and held.until == until:
            return held
        _end(held, by=by, reason="renewed" if held.holds(at) else "over", at=at)
    member = StaffMember.objects.create(
        user_id=user_id,
        role=role,
        contract_id=contract_id,
        issuer=issuer,
        granted_by=by,
        granted_at=at,
        until=until,
    )
    if contract_id is not None:
        grant_contract_access(user_id=user_id, contract_id=contract_id, at=at)
    note_staff(user_id=user_id, is_member=True)
    end_sessions(user_id=user_id, reason="staff_role_granted", by=by, at=at)
    _record("granted", member, by=by, at=at)
    return member


@transaction.atomic
def end_role(*, member_id: UUID, reason: str, by: UUID | None, at: datetime) -> bool:
    """End a role and the sessions of its holder; False when it has ended already.

    Called by commands, by sign-ins whose claims no longer give the role, and when its time is
    over. Records `staff_role.ended` with the reason.
    """
    member = StaffMember.objects.select_for_update().filter(pk=member_id).first()
    if member is None or member.ended_at is not None:
        return False
    _end(member, by=by, reason=reason, at=at)
    end_sessions(user_id=member.user_id, reason="staff_role_ended", by=by, at=at)
    return True


def _end(member: StaffMember, *, by: UUID | None, reason: str, at: datetime) -> None:
    member.ended_at, member.ended_by = at, by
    member.save(update_fields=["ended_at", "ended_by"])
    if member.contract_id is not None:
        release_contract_access(user_id=member.user_id, contract_id=member.contract_id, at=at)
    left = StaffMember.objects.filter(user_id=member.user_id, ended_at__isnull=True)
    note_staff(user_id=member.user_id, is_member=left.exists())
    _record("ended", member, by=by, at=at, data={"reason": reason})


def _record(
    verb: str,
    member: StaffMember,
    *,
    by: UUID | None,
    at: datetime,
    data: dict[str, object] | None = None,
) -> None:
    record(
        f"staff_role.{verb}",
        contract_id=member.contract_id,
        actor_id=by,
        subject=("account", member.user_id),
        data={
            "role": member.role,
            "member": str(member.id),
            "by_claims": bool(member.issuer),
            **(data or {}),
        },
        at=at,
    )
