"""What staff see of a person's roles and history, and closing an account."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.accounts.services.accounts import grant_contract_access
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Provider, Role
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from core.staff.people import Search, SearchBy
from core.staff.scope import find_staff
from core.staff.services.desk import deactivate_for_owner
from core.staff.services.finding import find_people
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


def test_a_look_up_asks_as_much_for_many_people_as_for_one(
    dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    at = clock.now()
    admin = find_staff(make_staff(StaffRole.CONTRACT_ADMIN, contract_a, name="mia"), at=at)
    assert admin is not None

    def statements(identifier: str, people: set[str]) -> int:
        wanted = Search(SearchBy.IDENTIFIER, identifier, contract_a.id)
        with CaptureQueriesContext(connection) as asked:
            found = find_people(staff=admin, search=wanted, reason="x", at=at)
        assert {one.username for one in found.accounts} == people
        return len(asked)

    one = statements("1245319599", {"dana"})
    clinic = Provider.objects.get(identifier="1245319599")
    for name in ("ben", "cleo"):
        Membership.objects.create(
            user=make_person(name), provider=clinic, role=Role.STAFF, since=at
        )
        grant_contract_access(
            user_id=User.objects.get(username=name).id, contract_id=contract_a.id, at=at
        )
    assert statements("1245319599", {"dana", "ben", "cleo"}) == one
    elsewhere = Search(SearchBy.IDENTIFIER, "1999999992", contract_b.id)
    make_provider(make_person("eve"), contract_b, identifier="1000000020", name="Far Clinic")
    found = find_people(staff=admin, search=elsewhere, reason="x", at=at)
    assert [one.username for one in found.accounts] == ["dana"]  # who works here as well
    far = Search(SearchBy.IDENTIFIER, "1000000020", contract_b.id)
    assert not find_people(staff=admin, search=far, reason="x", at=at).accounts


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


def test_the_history_says_who_else_did_what_and_why_within_ones_own_contracts(
    dana: User, contract_a: ActiveContract
) -> None:
    desk = staff_client(StaffRole.HELP_DESK, name="hal")
    account(desk, dana)
    desk.post(f"/staff/accounts/{dana.id}/new_password/", {"reason": "ticket 4716 <b>"})
    hal = User.objects.get(username="hal").get_full_name()
    said = f"by <bdi>{hal}</bdi>: <bdi>ticket 4716 &lt;b&gt;</bdi>"
    assert said in account(desk, dana)
    assert said in desk.get(f"/staff/accounts/{dana.id}/history/").content.decode()
    # Recorded outside all contracts: it may be about another one.
    admin = account(staff_client(StaffRole.CONTRACT_ADMIN, contract_a), dana)
    assert "Way to a new password sent by the help desk" in admin
    assert "4716" not in admin


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
