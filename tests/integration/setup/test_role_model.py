"""Whatever admins do: a group keeps an admin, and nobody holds what they were not given.

The model knows who administers the group, and who has which role where; ours is memberships.
"""

import pytest
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
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.groups.models import Membership, Provider, Role
from core.groups.services.roles import add_role, change_role, end_membership
from tenants import registry
from tests.integration.setup.configured import GREETER, LEAD, READER, offering
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, make_person, make_provider

pytestmark = pytest.mark.django_db
PEOPLE, PLACES = 4, 2
WHO, WHERE = st.integers(0, PEOPLE - 1), st.integers(0, PLACES - 1)
ROLES: dict[str, set[str]] = {
    "staff": set(),
    "reader": {"view", "activity"},
    "greeter": {"view", "invite", "decide"},
    "lead": {"view", "activity", "roles"},
    "provider_admin": {"view", "activity", "invite", "decide", "roles", "all others"},
}
"""What each role at a provider holds, in words of the model's own; West Virginia has them all."""
ROLE = st.sampled_from([*ROLES, "group_admin"])
ENOUGH = settings(max_examples=8, stateful_step_count=20, deadline=None)


class Roles(RuleBasedStateMachine):
    """Four people and the two providers of one group, in two contracts."""

    @initialize()
    def begin(self) -> None:
        offering(READER, GREETER, LEAD, slug="wv-bh")
        mark = uuid7().hex
        self.people = [make_person(f"p{n}{mark}", factors=False) for n in range(PEOPLE)]
        self.places: list[Provider] = [
            make_provider(self.people[0], registry.get_contract(slug), identifier=f"{slug}{mark}")
            for slug in ("wv-bh", "ms-um")
        ]
        self.admins = {0}
        self.held: dict[tuple[int, int], str] = {}

    def reaches(self, who: int, where: int) -> str | None:
        return Role.GROUP_ADMIN if who in self.admins else self.held.get((who, where))

    def may(self, by: int, where: int, role: str) -> bool:
        own = self.reaches(by, where)
        if own == Role.GROUP_ADMIN:
            return True
        held = ROLES.get(own or "", set())
        return "roles" in held and role != Role.GROUP_ADMIN and ROLES[role] <= held

    def offers(self, where: int, role: str) -> bool:
        """Tell whether a program has a role: the second one has the documented roles alone."""
        return where == 0 or role in set(Role)

    def give(self, who: int, where: int, role: str) -> None:
        if role == Role.GROUP_ADMIN:
            self.admins.add(who)
            for place in range(PLACES):
                self.held.pop((who, place), None)
        else:
            self.held[who, where] = role

    @rule(by=WHO, who=WHO, where=WHERE, role=ROLE)
    def add(self, by: int, who: int, where: int, role: str) -> None:
        may = self.may(by, where, role) and self.offers(where, role)
        allowed = may and self.reaches(who, where) is None
        done = self.attempt(
            add_role, user=self.people[who], provider=self.places[where], role=role, by=by
        )
        assert done is allowed
        if done:
            self.give(who, where, role)

    @rule(by=WHO, who=WHO, where=WHERE, role=ROLE)
    def change(self, by: int, who: int, where: int, role: str) -> None:
        was = self.reaches(who, where)
        if was is None:
            return
        is_last = was == Role.GROUP_ADMIN and self.admins == {who} and role != was
        # Instead of one for the whole group there are the documented roles alone.
        place = 1 if was == Role.GROUP_ADMIN else where
        may = self.may(by, where, role) and self.offers(place, role)
        allowed = self.manages(by, where, was) and may and not is_last
        done = self.attempt(
            change_role, membership_id=self.key(who, where), was=was, role=role, by=by
        )
        if role != was:
            assert done is allowed
        if done and role != was:
            if was == Role.GROUP_ADMIN:
                self.admins.remove(who)
                for place in range(PLACES):
                    self.give(who, place, role)
            else:
                self.give(who, where, role)

    @rule(by=WHO, who=WHO, where=WHERE)
    def end(self, by: int, who: int, where: int) -> None:
        was = self.reaches(who, where)
        if was is None:
            return
        is_last = was == Role.GROUP_ADMIN and self.admins == {who}
        done = self.attempt(end_membership, membership_id=self.key(who, where), was=was, by=by)
        assert done is (self.manages(by, where, was) and not is_last)
        if done:
            self.admins.discard(who)
            self.held.pop((who, where), None)

    def manages(self, by: int, where: int, role: str) -> bool:
        return by in self.admins if role == Role.GROUP_ADMIN else self.may(by, where, role)

    def attempt(self, act: object, *, by: int, **values: object) -> bool:
        try:
            act(by=self.people[by].id, entered=EVERYWHERE, at=START, **values)  # type: ignore[operator]
        except DomainError:
            return False
        return True

    def key(self, who: int, where: int) -> object:
        user, place = self.people[who], self.places[where]
        found = Membership.objects.filter(user=user, until__isnull=True)
        at = found.filter(provider=place).first() or found.get(group=place.group)
        return at.id

    @invariant()
    def the_database_says_the_same(self) -> None:
        if not hasattr(self, "places"):
            return
        rows = Membership.objects.filter(user__in=self.people, until__isnull=True)
        index = {user.id: n for n, user in enumerate(self.people)}
        place = {provider.id: n for n, provider in enumerate(self.places)}
        assert {index[row.user_id] for row in rows if row.group_id} == self.admins
        assert {
            (index[row.user_id], place[row.provider_id]): row.role
            for row in rows
            if row.provider_id
        } == self.held
        assert self.admins

    @invariant()
    def who_works_in_a_contract_has_a_role_there(self) -> None:
        if not hasattr(self, "places"):
            return
        for who, user in enumerate(self.people):
            access = ContractAccess.objects.filter(user=user, until__isnull=True)
            assert set(access.values_list("contract_id", flat=True)) == {
                provider.contract_id
                for where, provider in enumerate(self.places)
                if self.reaches(who, where)
            }


def test_roles_follow_the_model() -> None:
    run_state_machine_as_test(Roles, settings=ENOUGH)


def meet_each_rule() -> None:
    """Walk the shortest way on which each rule refuses something."""
    walk = Roles()
    walk.begin()
    walk.end(by=0, who=0, where=0)
    walk.add(by=0, who=1, where=0, role="lead")
    walk.add(by=1, who=2, where=0, role="provider_admin")
    walk.add(by=0, who=2, where=1, role="reader")
    walk.the_database_says_the_same()


def test_each_rule_refuses() -> None:
    meet_each_rule()


@pytest.mark.parametrize(
    ("rule_left_out", "naive"),
    [
        ("keep_an_admin", lambda _groups, *, without: None),
        ("may_manage", lambda *_args, contract_id: True),
        ("is_offered", lambda _role, _contract_id: True),
    ],
)
def test_without_one_of_the_rules_it_would_not(rule_left_out: str, naive: object) -> None:
    fails_with(
        f"core.groups.services.roles.{rule_left_out}",
        naive,
        meet_each_rule,
        where="assert done is",
    )
