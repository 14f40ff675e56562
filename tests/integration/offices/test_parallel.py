"""Two at once, each on a connection of their own."""

from collections import Counter
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import transaction

from core.accounts.models import User
from core.accounts.services.accounts import release_contract_access
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant, Membership, Office, Provider, Role
from core.groups.services import grant_ends
from core.groups.services.accepting import take_roles
from core.groups.services.access_grants import (
    GrantTerms,
    end_access_as_office,
    end_access_as_provider,
    give_access,
    remind_of_ends,
)
from core.groups.services.assignments import assign_people, end_office_person
from core.groups.services.grant_changes import change_access
from core.groups.services.grant_ends import end_due_grants
from core.groups.services.invitations import Invitee, hold_invitation
from core.groups.services.memberships import grant_group_admin
from core.groups.services.office_invitations import invite_to_office
from core.groups.services.offices import close_office, join_office, make_office
from core.notifications.models import OutboxMessage
from tenants import registry
from tests.integration.offices.conftest import FACTS, through
from tests.integration.offices.test_access import lapse
from tests.integration.setup.configured import AUDITOR, offering
from tests.support.people import EVERYWHERE, START, make_person, make_provider
from tests.support.threads import at_once, until_blocked_or

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Scene:
    """An office with its admin and one more person, and a provider with two admins."""

    def __init__(self) -> None:
        self.head, self.deputy = make_person("head"), make_person("deputy")
        self.oak: Provider = make_provider(self.head, registry.get_contract("ms-um"))
        grant_group_admin(user=self.deputy, group=self.oak.group, by=None, at=START)
        self.olive: User = make_person("olive")
        self.billie: User = make_person("billie")
        self.office: Office = make_office(user=self.olive, facts=FACTS, at=clock.now())
        join_office(self.office, self.billie, Role.STAFF, by=self.olive.id, at=clock.now())

    def give(self, by: User) -> AccessGrant:
        return give_access(
            office=self.office,
            providers=[self.oak],
            terms=through(90),
            by=by.id,
            entered=EVERYWHERE,
            at=clock.now(),
        )[0]

    def assign(self, grant: AccessGrant) -> None:
        assign_people(
            grant_id=grant.id, user_ids=[self.billie.id], by=self.olive.id, at=clock.now()
        )


def outcome(act: Callable[[], object]) -> str:
    try:
        act()
    except DomainError as error:
        return error.code
    return "done"


def test_two_admins_give_the_same_access_once() -> None:
    scene = Scene()
    who = [scene.head, scene.deputy]
    found = at_once(2, lambda place: outcome(lambda: scene.give(who[place])))
    assert Counter(found) == {"done": 1, "office_has_access": 1}
    assert AccessGrant.objects.count() == 1


ENDS: dict[str, Callable[[Scene, AccessGrant], object]] = {
    "provider": lambda scene, grant: end_access_as_provider(
        grant_id=grant.id, by=scene.head.id, entered=EVERYWHERE, at=clock.now()
    ),
    "office": lambda scene, grant: end_access_as_office(
        grant_id=grant.id, by=scene.olive.id, at=clock.now()
    ),
    "closed": lambda scene, grant: close_office(
        office_id=grant.office_id, by=scene.olive.id, at=clock.now()
    ),
    "left": lambda scene, _: end_office_person(
        membership_id=Membership.objects.get(user=scene.billie, group__isnull=False).id,
        was=Role.STAFF,
        by=scene.olive.id,
        at=clock.now(),
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_who_is_assigned_while_it_ends_is_out(how: str) -> None:
    scene = Scene()
    grant = scene.give(scene.head)
    acts = [lambda: scene.assign(grant), lambda: ENDS[how](scene, grant)]
    found = at_once(2, lambda place: outcome(acts[place]))
    assert found[0] in {"done", "changed_meanwhile"}
    assert found[1] == "done"
    assert not Membership.objects.filter(grant=grant, until__isnull=True).exists()


def test_who_is_assigned_while_the_role_changes_has_the_new_one() -> None:
    scene = Scene()
    offering(AUDITOR, slug="ms-um")
    grant = scene.give(scene.head)
    day = last_day_of(grant)
    changing, done = Event(), Event()

    def act(place: int) -> None:
        if place == 0:
            with transaction.atomic():
                change_access(
                    grant_id=grant.id,
                    seen=GrantTerms("staff", day),
                    wanted=GrantTerms("auditor", day),
                    by=scene.head.id,
                    entered=EVERYWHERE,
                    at=clock.now(),
                )
                changing.set()
                until_blocked_or(done)
        else:
            assert changing.wait(timeout=30)
            scene.assign(grant)
            done.set()

    at_once(2, act)
    assert Membership.objects.get(grant=grant, until__isnull=True).role == "auditor"


def test_an_office_closes_while_somebody_accepts_its_invitation() -> None:
    scene = Scene()
    noor = make_person("noor")
    sent = invite_to_office(
        office_id=scene.office.id,
        invitee=Invitee("noor.h", noor.email, "Noor", "Haddad"),
        role=Role.STAFF,
        host="",
        by=scene.olive.id,
        at=clock.now(),
    )
    accepting, done = Event(), Event()

    def act(place: int) -> None:
        if place == 0:
            with transaction.atomic():
                hold_invitation(sent.id)
                accepting.set()
                until_blocked_or(done)
                take_roles(hold_invitation(sent.id), noor, at=clock.now())
        else:
            assert accepting.wait(timeout=30)
            close_office(office_id=scene.office.id, by=scene.olive.id, at=clock.now())
            done.set()

    at_once(2, act)
    assert not Membership.objects.filter(group=scene.office.group, until__isnull=True).exists()


def test_who_leaves_the_office_while_the_provider_ends_its_access_loses_the_role_once() -> None:
    scene = Scene()
    grant = scene.give(scene.head)
    scene.assign(grant)
    ended, done = Event(), Event()

    def act(place: int) -> None:
        if place == 0:
            with transaction.atomic():
                ENDS["provider"](scene, grant)
                ended.set()
                until_blocked_or(done)
        else:
            assert ended.wait(timeout=30)
            ENDS["left"](scene, grant)
            done.set()

    at_once(2, act)
    lost = Membership.objects.get(grant=grant)
    assert AuditEvent.objects.filter(event_type="membership.ended", subject_id=lost.id).count() == 1


def test_access_to_programs_is_locked_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who end the roles of the same people at once never wait for each other in a circle."""
    scene = Scene()
    people = [scene.billie, make_person("noor"), make_person("ada")]
    for one in people[1:]:
        join_office(scene.office, one, Role.STAFF, by=scene.olive.id, at=clock.now())
    first = scene.give(scene.head)
    scene.oak = make_provider(
        scene.head, registry.get_contract("ms-um"), identifier="1000000020", name="Ash Clinic"
    )
    second = scene.give(scene.head)
    ids = sorted(one.id for one in people)
    # By the access that is ended first the later people work
    for grant, keys in ((first, ids[1:]), (second, ids[:1])):
        assign_people(grant_id=grant.id, user_ids=keys, by=scene.olive.id, at=clock.now())
    locked = []

    def release(**keys: Any) -> None:
        locked.append(keys["user_id"])
        release_contract_access(**keys)

    monkeypatch.setattr(grant_ends, "release_contract_access", release)
    close_office(office_id=scene.office.id, by=scene.olive.id, at=clock.now())
    assert locked == ids


def test_what_has_lapsed_is_locked_in_one_order_when_it_is_given_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    noor = make_person("noor")
    join_office(scene.office, noor, Role.STAFF, by=scene.olive.id, at=clock.now())
    first = scene.give(scene.head)
    oak, scene.oak = (
        scene.oak,
        make_provider(
            scene.head, registry.get_contract("ms-um"), identifier="1000000020", name="Ash Clinic"
        ),
    )
    second = scene.give(scene.head)
    ids = sorted(one.id for one in (scene.billie, noor))
    for grant, key in ((first, ids[1]), (second, ids[0])):
        assign_people(grant_id=grant.id, user_ids=[key], by=scene.olive.id, at=clock.now())
        lapse(grant)
    locked = []

    def release(**keys: Any) -> None:
        locked.append(keys["user_id"])
        release_contract_access(**keys)

    monkeypatch.setattr(grant_ends, "release_contract_access", release)
    give_access(
        office=scene.office,
        providers=[oak, scene.oak],
        terms=through(90),
        by=scene.head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    assert locked == ids


def test_both_sides_end_it_once() -> None:
    scene = Scene()
    grant = scene.give(scene.head)
    acts = [lambda: ENDS["provider"](scene, grant), lambda: ENDS["office"](scene, grant)]
    found = at_once(2, lambda place: outcome(acts[place]))
    assert Counter(found) == {"done": 1, "changed_meanwhile": 1}


def test_two_runs_remind_and_end_once() -> None:
    scene = Scene()
    grant = scene.give(scene.head)
    soon = grant.until.replace(microsecond=0)
    assert sum(at_once(2, lambda _: remind_of_ends(at=soon))) == 0
    near = AccessGrant.objects.get().until
    assert sum(at_once(3, lambda _: remind_of_ends(at=near - (near - clock.now()) / 18))) == 1
    # To two admins of the provider and one of the office
    assert OutboxMessage.objects.filter(context__what="reminder").count() == 3
    lapse(grant)
    assert sum(at_once(3, lambda _: end_due_grants(at=clock.now()))) == 1
