"""Acts that reach into several contracts lock in one order, so that no two wait in a circle.

Each test makes its providers so that the order of their keys is not that of their contracts.
"""

from uuid import UUID

import pytest

from core.accounts.models import ContractAccess, User
from core.accounts.services import accounts
from core.common import clock
from core.groups.models import Membership, Provider, Role
from core.groups.services import access_grants
from core.groups.services.accepting import take_roles
from core.groups.services.access_grants import give_access
from core.groups.services.invitations import Invitee, invite_user
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.moving import move_role
from core.groups.services.offices import make_office
from core.groups.services.roles import change_role
from core.groups.services.several import RoleChange, set_roles
from tenants.context import ActiveContract
from tests.integration.offices.conftest import FACTS, through
from tests.support.people import EVERYWHERE, START, after, make_person, make_provider

pytestmark = pytest.mark.django_db
LATER = after(hours=1)
Places = tuple[Provider, Provider]


@pytest.fixture
def places(head: User, contract_a: ActiveContract, contract_c: ActiveContract) -> Places:
    """Return the two providers of a group, the older one in the contract that is locked later."""
    first, second = sorted((contract_a, contract_c), key=lambda one: one.id)
    older = make_provider(head, second)
    younger = make_provider(head, first, identifier="1000000012", name="Oak Clinic")
    assert older.id < younger.id
    return older, younger


@pytest.fixture
def locked(places: Places, monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, UUID]]:
    """Return whose access to which contract is locked, as it happens."""
    keys: list[tuple[UUID, UUID]] = []
    hold = accounts._hold_access

    def noted(user_id: UUID, contract_id: UUID) -> ContractAccess | None:
        keys.append((contract_id, user_id))
        return hold(user_id, contract_id)

    monkeypatch.setattr(accounts, "_hold_access", noted)
    return keys


def staff(name: str, place: Provider, head: User) -> tuple[User, Membership]:
    user = make_person(name)
    held = grant_provider_role(user=user, provider=place, role=Role.STAFF, by=head.id, at=START)
    assert held is not None
    return user, held


def test_several_at_once(places: Places, head: User, locked: list[tuple[UUID, UUID]]) -> None:
    users = [make_person("dana"), make_person("noor")]
    changes = [RoleChange(user, place, None, Role.STAFF) for user in users for place in places]
    set_roles(changes=changes, by=head.id, entered=EVERYWHERE, at=LATER)
    assert len(locked) == 4
    assert locked == sorted(locked)


@pytest.mark.parametrize("way", [1, -1])
def test_a_user_moves(
    way: int, places: Places, head: User, locked: list[tuple[UUID, UUID]]
) -> None:
    place, to = places[::way]
    _dana, held = staff("dana", place, head)
    locked.clear()
    move_role(
        membership_id=held.id, was=Role.STAFF, to=to, by=head.id, entered=EVERYWHERE, at=LATER
    )
    assert len(locked) == 2
    assert locked == sorted(locked)


def test_a_group_admin_becomes_less(
    places: Places, head: User, locked: list[tuple[UUID, UUID]]
) -> None:
    held = grant_group_admin(user=make_person("ben"), group=places[0].group, by=None, at=START)
    assert held is not None
    locked.clear()
    change_role(
        membership_id=held.id,
        was=Role.GROUP_ADMIN,
        role=Role.STAFF,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    assert len(locked) == 2
    assert locked == sorted(locked)


def test_an_invitation_is_accepted(
    places: Places, head: User, contract_a: ActiveContract, locked: list[tuple[UUID, UUID]]
) -> None:
    invited = invite_user(
        invitee=Invitee("noor.h", "noor@clinic.example", "Noor", "Haddad"),
        providers=places,
        role=Role.STAFF,
        contract=contract_a,
        host="",
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    take_roles(invited, make_person("noor"), at=LATER)
    assert len(locked) == 2
    assert locked == sorted(locked)


def test_an_office_gets_access(places: Places, head: User, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[UUID] = []

    def noted(contract_id: UUID, role: str) -> None:
        keys.append(contract_id)

    monkeypatch.setattr(access_grants, "require_open", noted)
    give_access(
        office=make_office(user=make_person("olive"), facts=FACTS, at=clock.now()),
        providers=places,
        terms=through(90),
        by=head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    assert keys == sorted(one.contract_id for one in places)
