"""Whatever either side does: an office's people hold what a living grant gives them, and no more.

The model knows which grants live and who was assigned by them; ours is memberships.
"""

from collections.abc import Callable

import pytest
from django.db.models import Q
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.accounts.models import ContractAccess
from core.common import clock
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.groups.access import list_providers
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant, Membership, Role
from core.groups.permissions import Permission
from core.groups.services.access_grants import (
    GrantTerms,
    end_access_as_office,
    end_access_as_provider,
    give_access,
)
from core.groups.services.assignments import (
    assign_people,
    end_assignment_as_office,
    end_assignment_as_provider,
    end_office_person,
)
from core.groups.services.grant_changes import change_access
from core.groups.services.grant_ends import end_due_grants
from core.groups.services.offices import join_office, make_office
from tenants import registry
from tests.integration.offices.conftest import FACTS, through
from tests.integration.offices.test_access import lapse
from tests.integration.setup.configured import AUDITOR, offering
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, make_person, make_provider

pytestmark = pytest.mark.django_db
PEOPLE, PLACES = 3, 2
WHO, WHERE = st.integers(0, PEOPLE - 1), st.integers(0, PLACES - 1)
ROLE = st.sampled_from(["staff", "auditor"])
MOSTLY_ADMIN = st.sampled_from([0, 0, 0, 1])
ENOUGH = settings(max_examples=8, stateful_step_count=25, deadline=None)


class Grants(RuleBasedStateMachine):
    """Two providers of two groups, and an office with three people, the first its admin."""

    @initialize()
    def begin(self) -> None:
        mark = uuid7().hex
        contract = registry.get_contract("ms-um")
        offering(AUDITOR, slug=contract.slug)
        self.heads = [make_person(f"h{n}{mark}", factors=False) for n in range(PLACES)]
        self.places = [
            make_provider(head, contract, identifier=f"{n}{mark}")
            for n, head in enumerate(self.heads)
        ]
        self.people = [make_person(f"p{n}{mark}", factors=False) for n in range(PEOPLE)]
        self.office = make_office(user=self.people[0], facts=FACTS, at=clock.now())
        for person in self.people[1:]:
            join_office(self.office, person, Role.STAFF, by=self.people[0].id, at=clock.now())
        self.members = set(range(PEOPLE))
        self.living: dict[int, AccessGrant] = {}
        self.roles: dict[int, str] = {}
        self.assigned: set[tuple[int, int]] = set()

    def attempt(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except DomainError:
            return False
        return True

    def forget(self, where: int) -> None:
        self.living.pop(where)
        self.assigned = {one for one in self.assigned if one[1] != where}

    def newest(self, where: int) -> AccessGrant | None:
        grants = AccessGrant.objects.filter(provider=self.places[where])
        return grants.order_by("-since", "-id").first()

    @rule(stranger=st.sampled_from([False, False, True]), where=WHERE, role=ROLE)
    def give(self, stranger: bool, where: int, role: str) -> None:
        by = 1 - where if stranger else where
        done = self.attempt(
            lambda: give_access(
                office=self.office,
                providers=[self.places[where]],
                terms=through(40, role),
                by=self.heads[by].id,
                entered=EVERYWHERE,
                at=clock.now(),
            )
        )
        assert done is (by == where and where not in self.living)
        if done:
            found = self.newest(where)
            assert found is not None
            self.living[where] = found
            self.roles[where] = role

    @rule(by=WHERE, where=WHERE, role=ROLE)
    def change(self, by: int, where: int, role: str) -> None:
        grant = self.newest(where)
        if grant is None:
            return
        day, was = last_day_of(grant), grant.role
        done = self.attempt(
            lambda: change_access(
                grant_id=grant.id,
                seen=GrantTerms(was, day),
                wanted=GrantTerms(role, day),
                by=self.heads[by].id,
                entered=EVERYWHERE,
                at=clock.now(),
            )
        )
        assert done is (by == where and where in self.living)
        if done:
            self.roles[where] = role

    @rule(by=MOSTLY_ADMIN, who=WHO, where=WHERE)
    def assign(self, by: int, who: int, where: int) -> None:
        grant = self.newest(where)
        if grant is None:
            return
        done = self.attempt(
            lambda: assign_people(
                grant_id=grant.id,
                user_ids=[self.people[who].id],
                by=self.people[by].id,
                at=clock.now(),
            )
        )
        assert done is (by == 0 and where in self.living and who in self.members)
        if done:
            self.assigned.add((who, where))

    @rule(by_office=st.booleans(), by=WHO, who=WHO, where=WHERE)
    def take_out(self, by_office: bool, by: int, who: int, where: int) -> None:
        held = Membership.objects.filter(user=self.people[who], provider=self.places[where]).last()
        if held is None:
            return
        admin = self.people[by] if by_office else self.heads[by % PLACES]
        done = self.attempt(
            lambda: (
                end_assignment_as_office(membership_id=held.id, by=admin.id, at=clock.now())
                if by_office
                else end_assignment_as_provider(
                    membership_id=held.id, by=admin.id, entered=EVERYWHERE, at=clock.now()
                )
            )
        )
        may = by == 0 if by_office else by % PLACES == where
        if done:
            assert may
            self.assigned.discard((who, where))
        else:
            assert not (may and (who, where) in self.assigned)

    @rule(how=st.sampled_from(["time", "time", "provider", "office"]), where=WHERE)
    def end(self, how: str, where: int) -> None:
        grant = self.living.get(where)
        if grant is None:
            return
        if how == "time":
            lapse(grant)
        elif how == "office":
            end_access_as_office(grant_id=grant.id, by=self.people[0].id, at=clock.now())
        else:
            end_access_as_provider(
                grant_id=grant.id, by=self.heads[where].id, entered=EVERYWHERE, at=clock.now()
            )
        self.forget(where)

    @rule()
    def tidy(self) -> None:
        end_due_grants(at=clock.now())

    @rule(who=st.integers(1, PEOPLE - 1))
    def leave(self, who: int) -> None:
        held = Membership.objects.filter(
            Membership.OWN, user=self.people[who], group=self.office.group
        ).first()
        if held is None:
            return
        end_office_person(
            membership_id=held.id, was=Role.STAFF, by=self.people[0].id, at=clock.now()
        )
        self.members.discard(who)
        self.assigned = {one for one in self.assigned if one[0] != who}

    @invariant()
    def nobody_holds_what_no_living_grant_gives(self) -> None:
        for who, person in enumerate(self.people):
            seen = {one.id for one in list_providers(person, Permission.PROVIDER_VIEW)}
            given = {self.places[where].id for one, where in self.assigned if one == who}
            assert seen == given
            reads = {
                self.places[where].id
                for one, where in self.assigned
                if one == who and self.roles[where] == "auditor"
            }
            assert {one.id for one in list_providers(person, Permission.USERS_VIEW)} == reads
            assert not list_providers(person, Permission.ROLES_MANAGE).exists()
            if given:
                assert ContractAccess.objects.filter(user=person, until__isnull=True).exists()


def test_an_offices_people_hold_what_a_living_grant_gives() -> None:
    run_state_machine_as_test(Grants, settings=ENOUGH)


def lapse_with_somebody_assigned() -> None:
    """Walk the shortest way on which a right could outlive its grant."""
    walk = Grants()
    walk.begin()
    walk.give(False, 0, "auditor")
    walk.assign(0, 1, 0)
    walk.nobody_holds_what_no_living_grant_gives()
    walk.end("time", 0)
    walk.nobody_holds_what_no_living_grant_gives()


def test_a_right_ends_with_its_grant_before_any_row_is_touched() -> None:
    lapse_with_somebody_assigned()


def test_a_right_that_is_read_without_its_grant_outlives_it() -> None:
    fails_with(
        "core.groups.models.Membership.HELD",
        Q(until__isnull=True),
        lapse_with_somebody_assigned,
        where="assert seen == given",
    )
