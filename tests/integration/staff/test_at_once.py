"""What staff do at one moment from several browsers is done once, and the others are told."""

import pytest

from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import RequestInHand, StaffMember, StaffRole
from core.staff.services.members import grant_role
from core.staff.services.requests_in_hand import InOtherHandsError, QueuedRequest, take_request
from tests.support.people import make_person
from tests.support.staff import make_staff
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_role_that_is_given_several_times_at_once_is_one() -> None:
    user, at = make_person("vera"), clock.now()

    def give(_place: int) -> StaffMember:
        return grant_role(user_id=user.id, role=StaffRole.AUDITOR, contract_id=None, by=None, at=at)

    assert len({one.id for one in at_once(4, give)}) == 1
    assert AuditEvent.objects.filter(event_type="staff_role.granted").count() == 1


def test_of_two_who_take_a_request_over_at_once_one_is_told() -> None:
    first, *others = (
        make_staff(StaffRole.HELP_DESK, name=name) for name in ("hana", "hugo", "hal")
    )
    request, at = QueuedRequest("help_request", uuid7(), None), clock.now()
    take_request(request=request, seen_with=None, by=first, at=at)

    def take(place: int) -> bool:
        try:
            take_request(request=request, seen_with=first.id, by=others[place], at=clock.now())
        except InOtherHandsError:
            return False
        return True

    for _ in range(5):  # they have to meet between two statements
        RequestInHand.objects.update(taken_by=first)
        assert sorted(at_once(2, take)) == [False, True]
