"""One queue of requests for staff: filters, scope, age, and in whose hand each is."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import RecoveryRequest, Role
from core.groups.services.memberships import grant_provider_role
from core.groups.services.recoveries import ask_recovery
from core.mfa.models import HelpRequest
from core.staff.models import RequestInHand, StaffRole
from core.staff.services.purging import HANDS_KEPT, purge_hands
from core.staff.services.requests_in_hand import (
    InOtherHandsError,
    QueuedRequest,
    take_request,
)
from tenants.context import ActiveContract
from tests.integration.staff.test_desk_queue import asked_for
from tests.support.people import after, make_person, make_provider
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def recovery(contract_a: ActiveContract) -> RecoveryRequest:
    provider = make_provider(make_person("head"), contract_a)
    dana = make_person("dana")
    grant_provider_role(user=dana, provider=provider, role=Role.STAFF, by=None, at=after(hours=1))
    return ask_recovery(
        user=dana, provider_id=provider.id, evidence="Head left.", at=after(hours=2)
    )


def page_of(client: Client, query: str = "") -> str:
    return client.get(f"/staff/requests/{query}").content.decode()


def move(client: Client, kind: str, key: UUID, act: str, **data: Any) -> str:
    path = f"/staff/requests/{kind}/{key}/{act}/"
    return client.post(path, data, follow=True).content.decode()


def test_kinds_stand_in_one_queue_and_are_filtered(
    contract_a: ActiveContract, contract_b: ActiveContract, recovery: RecoveryRequest
) -> None:
    old, new = asked_for(contract_a, "x@a.example"), asked_for(contract_b, "y@a.example")
    HelpRequest.objects.filter(pk=old.pk).update(requested_at=clock.now() - timedelta(days=8))
    operator = staff_client(StaffRole.OPERATOR)
    page = page_of(operator)
    assert all(one in page for one in (old.reference, new.reference, recovery.provider.name))
    assert page.index(old.reference) < page.index(new.reference)
    assert "Waiting for more than a week" in page
    assert "3<span" in page  # in the navigation

    of_kind = page_of(operator, "?kind=recovery")
    assert recovery.provider.name in of_kind
    assert old.reference not in of_kind
    of_program = page_of(operator, f"?contract={contract_b.id}")
    assert new.reference in of_program
    assert old.reference not in of_program
    aged = page_of(operator, "?kind=help_request&waiting=7")
    assert old.reference in aged
    assert new.reference not in aged
    assert "No request fits" in page_of(operator, f"?kind=recovery&contract={contract_b.id}")
    moved = operator.get("/staff/recoveries/").headers["Location"]
    assert moved == "/staff/requests/?kind=recovery"


def test_a_contract_admin_sees_and_takes_the_own_contracts_alone(
    contract_a: ActiveContract, contract_b: ActiveContract, recovery: RecoveryRequest
) -> None:
    elsewhere = asked_for(contract_a, "x@a.example")
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_b)
    page = page_of(admin)
    assert elsewhere.reference not in page
    assert str(recovery.id) not in page
    assert str(contract_a.id) not in page
    assert "No open request" in page
    for kind, key in (("help_request", elsewhere.id), ("recovery", recovery.id)):
        for act in ("take", "give-back"):
            assert admin.post(f"/staff/requests/{kind}/{key}/{act}/").status_code == 404
    assert admin.post(f"/staff/requests/nothing/{uuid4()}/take/").status_code == 404


def test_who_only_reads_takes_nothing(contract_a: ActiveContract) -> None:
    waiting = asked_for(contract_a, "x@a.example")
    auditor = staff_client(StaffRole.AUDITOR)
    path = f"/staff/requests/help_request/{waiting.id}"
    assert auditor.post(f"{path}/take/").status_code == 403
    assert AuditEvent.objects.filter(event_type="staff_access.refused").count() == 1
    assert not RequestInHand.objects.exists()


def test_what_one_has_in_hand_another_leaves_alone(contract_a: ActiveContract) -> None:
    waiting = asked_for(contract_a, "x@a.example")
    desk = staff_client(StaffRole.HELP_DESK)
    other = staff_client(StaffRole.HELP_DESK, name="otto")
    path = f"/staff/requests/{waiting.id}/"
    assert "Nobody has this request in hand" in other.get(path).content.decode()
    assert "You have this request in hand" in move(desk, "help_request", waiting.id, "take")
    # Whoever's page still shows it as nobody's is told, and neither takes nor closes it.
    assert "somebody else has this request" in move(other, "help_request", waiting.id, "take")
    closed = other.post(path, {"outcome": "done"}, follow=True).content.decode()
    assert "somebody else has this request" in closed
    waiting.refresh_from_db()
    assert waiting.closed_at is None
    # What is in other hands is not given back either.
    move(other, "help_request", waiting.id, "give-back")
    held = RequestInHand.objects.get()
    assert "In hand: " in page_of(other)
    taken = move(other, "help_request", waiting.id, "take", seen_with=held.taken_by_id)
    assert "You have this request in hand" in taken
    assert "is closed" in other.post(path, {"outcome": "done"}, follow=True).content.decode()
    assert not RequestInHand.objects.exists()
    names = AuditEvent.objects.filter(event_type__startswith="request.").order_by("id")
    assert list(names.values_list("event_type", flat=True)) == [
        "request.taken",
        "request.taken",
        "request.given_back",
    ]
    assert {one.contract_id for one in names} == {contract_a.id}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_at_once_one_is_told(contract_a: ActiveContract) -> None:
    asked = QueuedRequest("help_request", uuid4(), contract_a.id)
    people = [make_staff(StaffRole.HELP_DESK, name=name) for name in ("olive", "otto")]

    def take(place: int) -> str:
        try:
            take_request(request=asked, seen_with=None, by=people[place], at=clock.now())
        except InOtherHandsError:
            return "told"
        return "taken"

    assert sorted(at_once(2, take)) == ["taken", "told"]
    assert RequestInHand.objects.count() == 1


def test_what_nobody_gave_back_goes(contract_a: ActiveContract) -> None:
    at, olive = clock.now(), make_staff(StaffRole.HELP_DESK)
    for moment in (at, at - HANDS_KEPT - timedelta(seconds=1)):
        asked = QueuedRequest("help_request", uuid4(), None)
        take_request(request=asked, seen_with=None, by=olive, at=moment)
    assert purge_hands(at=at) == 1
    assert RequestInHand.objects.get().taken_at == at
