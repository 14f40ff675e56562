"""Roles that end by themselves, and invitations that are forgotten."""

from datetime import timedelta

import pytest

from core.accounts.models import ContractAccess
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import (
    ElevationEnd,
    StaffElevation,
    StaffInvitation,
    StaffMember,
    StaffRole,
)
from core.staff.permissions import StaffPermission
from core.staff.scope import find_staff
from core.staff.services.invitations import invite_staff, withdraw_invitation
from core.staff.services.members import grant_role
from core.staff.services.purging import (
    ELEVATIONS_KEPT,
    INVITATIONS_KEPT,
    end_due_roles,
    purge_invitations,
)
from core.staff.tasks import tidy
from tenants.context import ActiveContract
from tests.support.people import START, after, make_person

pytestmark = pytest.mark.django_db


def test_a_role_ends_on_the_second_and_what_hangs_on_it_after(contract_a: ActiveContract) -> None:
    user = make_person("olive")
    ends = after(days=30)
    grant_role(
        user_id=user.id,
        role=StaffRole.CONTRACT_ADMIN,
        contract_id=contract_a.id,
        by=None,
        at=START,
        until=ends,
    )
    user.refresh_from_db()
    staff = find_staff(user, at=ends - timedelta(seconds=1))
    assert staff is not None
    assert staff.scope(StaffPermission.USERS_VIEW).covers(contract_a.id)
    assert find_staff(user, at=ends) is None
    assert end_due_roles(at=ends - timedelta(seconds=1)) == 0
    assert end_due_roles(at=ends) == 1
    assert end_due_roles(at=ends) == 0
    user.refresh_from_db()
    assert not user.is_staff_member
    assert not ContractAccess.objects.filter(user=user, until__isnull=True).exists()
    assert AuditEvent.objects.get(event_type="staff_role.ended").data["reason"] == "over"
    # The same role can be given anew.
    grant_role(
        user_id=user.id,
        role=StaffRole.CONTRACT_ADMIN,
        contract_id=contract_a.id,
        by=None,
        at=ends,
    )
    assert StaffMember.objects.filter(ended_at__isnull=True).count() == 1


def test_invitations_go_a_month_after_their_end() -> None:
    first, second = (
        invite_staff(
            email=f"{name}@company.example",
            role=StaffRole.AUDITOR,
            contract_id=None,
            by=None,
            at=START,
        )
        for name in ("a", "b")
    )
    withdraw_invitation(invitation_id=first.id, reason="mistake", by=None, at=START)
    assert purge_invitations(at=START + INVITATIONS_KEPT) == 0
    assert purge_invitations(at=START + INVITATIONS_KEPT + timedelta(seconds=1)) == 2
    assert not StaffInvitation.objects.exists()
    assert second.pk


def test_the_hourly_task_does_both() -> None:
    invite_staff(
        email="a@company.example", role=StaffRole.AUDITOR, contract_id=None, by=None, at=START
    )
    StaffInvitation.objects.update(invited_at=clock.now() - INVITATIONS_KEPT - timedelta(hours=1))
    assert tidy() == 1


def test_elevated_rights_go_a_month_after_their_end() -> None:
    ended = clock.now() - ELEVATIONS_KEPT - timedelta(hours=1)
    StaffElevation.objects.create(
        user=make_person("olive"),
        sign_in=uuid7(),
        reason="ticket 4711",
        began_at=ended - timedelta(hours=1),
        until=ended,
        ended_at=ended,
        ended_how=ElevationEnd.TIME_OVER,
    )
    assert tidy() == 1
    assert not StaffElevation.objects.exists()
