"""Move a user between providers: both ends in one step, and only within the admin's own."""

from collections import Counter
from collections.abc import Sequence
from threading import Barrier
from uuid import UUID

import pytest
from django.db import OperationalError
from django.test import Client

from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.common.errors import DomainError
from core.groups.models import Membership, Provider, Role
from core.groups.services.holding import hold_group
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.moving import move_role
from core.groups.services.roles import roles_held
from tenants import registry
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import (
    EVERYWHERE,
    START,
    after,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def path_of(held: Membership) -> str:
    return f"/setup/roles/{held.id}/move/"


def test_the_role_ends_at_one_and_begins_at_the_other(
    admin: Client, head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    held = held_by(dana)
    assert path_of(held) in admin.get(f"/setup/users/{dana.id}/").content.decode()
    html = admin.get(path_of(held)).content.decode()
    assert "Oak Clinic" in html
    answer = admin.post(path_of(held), {"was": "staff", "provider": str(oak.id)})
    assert answer.headers["Location"] == f"/setup/users/{dana.id}/"
    assert roles_held(dana.id, elm) == set()
    assert roles_held(dana.id, oak) == {"staff"}
    access = ContractAccess.objects.filter(user=dana, until__isnull=True)
    assert [one.contract_id for one in access] == [oak.contract_id]
    event = AuditEvent.objects.get(event_type="membership.moved")
    assert (event.actor_id, event.data["to"]) == (head.id, str(oak.id))


def test_an_old_page_and_a_second_press_move_nothing(
    admin: Client, dana: User, elm: Provider, oak: Provider
) -> None:
    held = held_by(dana)
    old = admin.post(path_of(held), {"was": "provider_admin", "provider": str(oak.id)}, follow=True)
    assert "has changed since you opened the page" in old.content.decode()
    assert roles_held(dana.id, elm) == {"staff"}
    for _ in range(2):
        admin.post(path_of(held), {"was": "staff", "provider": str(oak.id)})
    assert Membership.objects.filter(user=dana).count() == 2


def test_nothing_chosen_and_what_is_not_ones_own_is_refused(
    admin: Client, dana: User, elm: Provider, oak: Provider, stranger_provider: Provider
) -> None:
    held = held_by(dana)
    for wrong in ("", str(stranger_provider.id), str(elm.id)):
        answer = admin.post(path_of(held), {"was": "staff", "provider": wrong})
        assert answer.status_code == 200, wrong
    foreign = Client()
    sign_in_directly(foreign, User.objects.get(username="other"))
    typed = {"was": "staff", "provider": str(stranger_provider.id)}
    assert foreign.post(path_of(held), typed).status_code == 404
    assert held_by(dana) == held


def test_a_provider_admin_moves_nobody_out_of_their_reach(
    client: Client, chief: User, dana: User, elm: Provider, oak: Provider
) -> None:
    sign_in_directly(client, chief)
    answer = client.post(path_of(held_by(dana)), {"was": "staff", "provider": str(oak.id)})
    assert answer.status_code == 200
    with pytest.raises(DomainError):
        move_role(
            membership_id=held_by(dana).id,
            was=Role.STAFF,
            to=oak,
            by=chief.id,
            entered=EVERYWHERE,
            at=LATER,
        )
    assert roles_held(dana.id, elm) == {"staff"}


def test_a_role_for_the_whole_group_is_not_moved(
    admin: Client, head: User, elm: Provider, oak: Provider
) -> None:
    answer = admin.post(path_of(held_by(head)), {"was": "group_admin", "provider": str(oak.id)})
    assert answer.headers["Location"] == f"/setup/users/{head.id}/"
    assert held_by(head).role == Role.GROUP_ADMIN


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_at_once_move_it_once_and_never_lock_each_other_out() -> None:
    head = make_person("head")
    first = make_provider(head, registry.get_contract("wv-bh"))
    second = make_provider(
        head, registry.get_contract("ms-um"), identifier="1000000012", name="Oak Clinic"
    )
    dana = make_person("dana")
    grant_provider_role(user=dana, provider=first, role=Role.STAFF, by=head.id, at=START)
    held = held_by(dana)

    def press(_place: int) -> str:
        try:
            move_role(
                membership_id=held.id,
                was=Role.STAFF,
                to=second,
                by=head.id,
                entered=EVERYWHERE,
                at=LATER,
            )
        except DomainError as error:
            return error.code
        return "moved"

    assert Counter(at_once(6, press)) == {"moved": 1, "changed_meanwhile": 5}
    assert held_by(dana).provider == second


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_users_move_in_opposite_directions_between_two_groups() -> None:
    assert opposite_moves() == ["moved", "moved"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_one_order_of_the_groups_one_would_be_thrown_out() -> None:
    """The naive way: hold the group that is left, then the one that is entered."""
    both_hold_one = Barrier(2)

    def naive(keys: Sequence[UUID]) -> None:
        hold_group(keys[0])
        both_hold_one.wait(timeout=30)
        hold_group(keys[1])

    fails_with(
        "core.groups.services.moving.hold_groups",
        naive,
        test_two_users_move_in_opposite_directions_between_two_groups,
        where='assert opposite_moves() == ["moved", "moved"]',
    )


def opposite_moves() -> list[str]:
    head = make_person("head")
    contract = registry.get_contract("wv-bh")
    elm = make_provider(head, contract)
    ash = make_provider(make_person("other"), contract, identifier="1000000012", name="Ash Clinic")
    grant_group_admin(user=head, group=ash.group, by=None, at=START)
    ways = [(make_person("dana"), elm, ash), (make_person("noor"), ash, elm)]
    for user, place, _to in ways:
        grant_provider_role(user=user, provider=place, role=Role.STAFF, by=head.id, at=START)

    def move(turn: int) -> str:
        user, _place, to = ways[turn]
        try:
            move_role(
                membership_id=held_by(user).id,
                was=Role.STAFF,
                to=to,
                by=head.id,
                entered=EVERYWHERE,
                at=LATER,
            )
        except OperationalError:
            return "thrown out"
        return "moved"

    return at_once(2, move)


def test_it_is_offered_where_there_is_a_provider_to_move_to(
    admin: Client, elm: Provider, dana: User, contract_c: ActiveContract, head: User
) -> None:
    held = Membership.objects.get(user=dana, until__isnull=True)
    pages = (f"/setup/providers/{elm.id}/", f"/setup/users/{dana.id}/")
    offer = f"/setup/roles/{held.id}/move/"
    assert [offer in admin.get(page).content.decode() for page in pages] == [False, False]
    make_provider(head, contract_c, identifier="1000000012", name="Oak Clinic")
    assert [offer in admin.get(page).content.decode() for page in pages] == [True, True]
