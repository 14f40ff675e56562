"""What staff see of a person's roles and history, and closing an account."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from core.staff.services.desk import deactivate_for_owner
from tenants.context import ActiveContract
from tests.integration.staff.test_desk import search
from tests.support.people import deliver_all, make_person, make_provider
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
REASON = {"reason": "ticket 4715"}


@pytest.fixture
def dana(contract_a: ActiveContract, contract_b: ActiveContract) -> User:
    """Somebody who works in two contracts, where somebody else administers, too."""
    user = make_person("dana")
    make_provider(user, contract_a, identifier="1245319599", name="Elm Clinic")
    make_provider(user, contract_b, identifier="1999999992", name="Oak Clinic")
    return user


def account(client: Client, user: User) -> str:
    search(client, "username", user.username)
    answer = client.get(f"/staff/accounts/{user.id}/")
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def test_a_contract_admin_sees_the_roles_of_the_own_contract_and_that_others_exist(
    dana: User, contract_a: ActiveContract
) -> None:
    shown = account(staff_client(StaffRole.CONTRACT_ADMIN, contract_a), dana)
    assert "Provider Group Admin: Elm Clinic" in shown
    assert "Oak Clinic" not in shown
    assert "1 more outside your programs." in shown
    everywhere = account(staff_client(StaffRole.HELP_DESK, name="hal"), dana)
    assert "Elm Clinic" in everywhere
    assert "Oak Clinic" in everywhere
    assert "outside your programs" not in everywhere


def test_the_history_stands_behind_the_same_door(
    dana: User, contract_b: ActiveContract, contract_c: ActiveContract
) -> None:
    path = f"/staff/accounts/{dana.id}/history/"
    desk = staff_client(StaffRole.HELP_DESK)
    assert "again" in desk.get(path).headers["Location"]
    account(desk, dana)
    shown = desk.get(path)
    assert shown.status_code == 200
    assert "newest first" in shown.content.decode()
    other = staff_client(StaffRole.HELP_DESK, contract_c, name="other")
    assert other.get(path).status_code == 404


def test_an_account_is_closed_with_a_reason_by_who_covers_all_of_its_contracts(
    dana: User, contract_a: ActiveContract
) -> None:
    for name in ("elm", "oak"):
        make_person(name)
    path = f"/staff/accounts/{dana.id}/deactivate/"
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    assert "Deactivate" not in account(admin, dana)
    assert admin.post(path, REASON).status_code == 403
    operator = staff_client(StaffRole.OPERATOR, name="oscar")
    assert "Deactivate" in account(operator, dana)
    # The only admin of a group stays
    assert "only Provider Group Admin" in operator.post(path, REASON).content.decode()
    dana.memberships.update(until=clock.now())
    assert operator.post(path, REASON).status_code == 302
    dana.refresh_from_db()
    assert not dana.is_active
    event = AuditEvent.objects.get(event_type="account.deactivated", subject_id=dana.id)
    assert event.data["reason"] == REASON["reason"]
    deliver_all()
    mail = LocalMessage.objects.filter(to=dana.email).latest("sent_at")
    assert mail.subject.startswith("Your account is closed")


def test_closing_needs_elevated_rights() -> None:
    person = make_person("dana")
    operator = Client()
    sign_in_directly(operator, make_staff(StaffRole.OPERATOR), option="phone", elevated=False)
    account(operator, person)
    path = f"/staff/accounts/{person.id}/deactivate/"
    for answer in (operator.get(path), operator.post(path, REASON)):
        assert answer.headers["Location"].startswith("/staff/elevated-rights/")
    person.refresh_from_db()
    assert person.is_active


def test_what_is_done_to_staff_needs_the_elevation_of_managing_staff() -> None:
    """`users.unlock` is held all day; by `staff.manage`, which it takes here, nobody acts so."""
    operator, clerk = Client(), make_staff(StaffRole.HELP_DESK, name="clerk")
    sign_in_directly(operator, make_staff(StaffRole.OPERATOR), option="phone", elevated=False)
    account(operator, clerk)
    path = f"/staff/accounts/{clerk.id}/unlock/"
    for answer in (operator.get(path), operator.post(path, REASON)):
        assert answer.headers["Location"].startswith("/staff/elevated-rights/")


@pytest.mark.django_db(transaction=True)
def test_closed_by_many_at_once_it_is_closed_once() -> None:
    person, by, at = make_person("dana"), make_person("olive"), clock.now()

    def close(place: int) -> None:
        deactivate_for_owner(user_id=person.id, reason="So", by=by.id, at=at)

    at_once(5, close)
    assert AuditEvent.objects.filter(event_type="account.deactivated").count() == 1
