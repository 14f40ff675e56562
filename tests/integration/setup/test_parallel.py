"""Two admins at once, each on a connection of their own: a group keeps an admin."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Barrier, Event
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import QuerySet

from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import deactivate_account
from core.common.errors import DomainError
from core.groups.models import JoinRequest, Membership, Provider, RecoveryRequest, Role
from core.groups.selectors import works_in
from core.groups.services.join_mails import WAITING_KIND
from core.groups.services.join_requests import approve_join, ask_to_join, refuse_join
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.recoveries import (
    ask_recovery,
    carry_out_due,
    grant_recovery,
    object_to_recovery,
)
from core.groups.services.roles import add_role, change_role, end_membership
from core.notifications.models import OutboxMessage
from tenants import registry
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, after, make_person, make_provider
from tests.support.staff import ALL_PROGRAMS
from tests.support.threads import at_once, until_blocked_or

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
LATER = after(hours=1)
Act = Callable[[User, User, Provider], None]


def demote(other: User, by: User, _provider: Provider) -> None:
    change_role(
        membership_id=admin_role(other).id,
        was=Role.GROUP_ADMIN,
        role=Role.STAFF,
        by=by.id,
        entered=EVERYWHERE,
        at=LATER,
    )


def remove(other: User, by: User, _provider: Provider) -> None:
    end_membership(
        membership_id=admin_role(other).id,
        was=Role.GROUP_ADMIN,
        by=by.id,
        entered=EVERYWHERE,
        at=LATER,
    )


def close(other: User, by: User, _provider: Provider) -> None:
    deactivate_account(user_id=other.id, reason="left", by=by.id, at=LATER)


def admin_role(user: User) -> Membership:
    return Membership.objects.get(user=user, role=Role.GROUP_ADMIN)


def two_admins(pair: int = 0) -> tuple[Provider, list[User]]:
    first, second = make_person(f"ada{pair}"), make_person(f"ben{pair}")
    provider = make_provider(first, registry.get_contract("wv-bh"), identifier=f"90000000{pair:02}")
    grant_group_admin(user=second, group=provider.group, by=first.id, at=START)
    return provider, [first, second]


def active_admins(provider: Provider) -> int:
    return Membership.objects.filter(
        group=provider.group, role=Role.GROUP_ADMIN, until__isnull=True, user__is_active=True
    ).count()


def each_acts_on_the_other(act: Act, pair: int = 0) -> tuple[Provider, Counter[str]]:
    provider, admins = two_admins(pair)

    def turn(place: int) -> str:
        try:
            act(admins[1 - place], admins[place], provider)
        except DomainError as error:
            return error.code
        return "done"

    return provider, Counter(at_once(2, turn))


@pytest.mark.parametrize("act", [demote, remove, close])
def test_two_admins_end_each_other_and_one_stays(act: Act) -> None:
    of_two_one_stays(act)


def of_two_one_stays(act: Act, pair: int = 0) -> None:
    provider, outcomes = each_acts_on_the_other(act, pair)
    assert active_admins(provider) == 1
    assert outcomes["done"] == 1


def test_without_the_lock_both_would_go() -> None:
    """The naive way: look whether somebody else is left, and end the role."""

    def again_and_again() -> None:
        for pair in range(10):
            of_two_one_stays(remove, pair)

    fails_with(
        "core.groups.services.roles.hold_group",
        lambda _key: None,
        again_and_again,
        where="assert active_admins(provider) == 1",
    )


def test_without_holding_the_access_it_would_end_with_the_other_role() -> None:
    """The naive way: look for another role in the program, and end the access."""

    def naive(user_id: UUID, contract_id: UUID) -> ContractAccess | None:
        present = ContractAccess.objects.filter(user_id=user_id, contract_id=contract_id)
        return present.filter(until__isnull=True).first()

    fails_with(
        "core.accounts.services.accounts._hold_access",
        naive,
        lambda: test_a_role_begins_while_the_last_one_in_the_program_ends("grant"),
        where="assert works_and_may_enter(dana, ash) == (True, True)",
    )


def test_without_holding_the_request_it_would_be_decided_more_than_once() -> None:
    """The naive way: look whether it is open, and decide."""
    together = Barrier(6)

    def naive(waiting: QuerySet[JoinRequest], key: UUID) -> JoinRequest | None:
        found = waiting.select_related("user", "provider").filter(pk=key).first()
        together.wait(timeout=30)
        return found

    fails_with(
        "core.groups.services.join_requests.hold_request",
        naive,
        test_a_request_is_stored_once_and_decided_once,
        where="assert Counter(at_once(6, decide)) ==",
    )


def test_one_role_is_given_once_however_often_the_button_is_pressed() -> None:
    provider, (first, _second) = two_admins()
    dana = make_person("dana")
    elsewhere = make_provider(
        first, registry.get_contract("ms-um"), identifier="1000000012", name="Oak Clinic"
    )
    grant_provider_role(user=dana, provider=elsewhere, role=Role.STAFF, by=first.id, at=START)

    def press(_place: int) -> str:
        try:
            add_role(
                user=dana,
                provider=provider,
                role=Role.STAFF,
                by=first.id,
                entered=EVERYWHERE,
                at=LATER,
            )
        except DomainError as error:
            return error.code
        return "done"

    assert Counter(at_once(8, press)) == {"done": 1, "changed_meanwhile": 7}
    assert Membership.objects.filter(user=dana, provider=provider).count() == 1


def test_a_request_is_stored_once_and_decided_once() -> None:
    provider, admins = two_admins()
    noor = make_person("noor")

    def ask(_place: int) -> JoinRequest:
        return ask_to_join(user=noor, provider_id=provider.id, number="", note="", at=LATER)

    [request] = set(at_once(4, ask))
    assert OutboxMessage.objects.filter(kind=WAITING_KIND).count() == len(admins)

    def decide(place: int) -> str:
        by = admins[place % 2].id
        try:
            if place % 2:
                refuse_join(request_id=request.id, reason="not ours", by=by, at=LATER)
            else:
                approve_join(
                    request_id=request.id, role=Role.STAFF, by=by, entered=EVERYWHERE, at=LATER
                )
        except DomainError as error:
            return error.code
        return "done"

    assert Counter(at_once(6, decide)) == {"done": 1, "join_request_over": 5}
    request.refresh_from_db()
    held = Membership.objects.filter(user=noor, until__isnull=True).count()
    assert held == (1 if request.state == "approved" else 0)


def test_an_objection_and_the_end_of_the_wait_at_once_are_one() -> None:
    provider, admins = two_admins()
    noor, staff = make_person("noor"), make_person("olive")
    grant_provider_role(user=noor, provider=provider, role=Role.STAFF, by=admins[0].id, at=START)

    def ask(_place: int) -> RecoveryRequest:
        return ask_recovery(user=noor, provider_id=provider.id, evidence="left", at=LATER)

    [asked] = set(at_once(3, ask))
    recovery = grant_recovery(
        recovery_id=asked.id, reason="ok", by=staff.id, scope=ALL_PROGRAMS, at=LATER
    )

    def end(place: int) -> str:
        if place % 2:
            return "done" if carry_out_due(at=after(days=90)) else "nothing"
        try:
            object_to_recovery(
                recovery_id=recovery.id, reason="no", by=admins[0].id, entered=EVERYWHERE, at=LATER
            )
        except DomainError as error:
            return error.code
        return "done"

    assert Counter(at_once(6, end))["done"] == 1
    recovery.refresh_from_db()
    [held] = Membership.objects.filter(user=noor, until__isnull=True)
    assert (recovery.state, held.role) in {("done", Role.GROUP_ADMIN), ("stopped", Role.STAFF)}


def works_and_may_enter(user: User, provider: Provider) -> tuple[bool, bool]:
    access = ContractAccess.objects.filter(user=user, contract=provider.contract_id)
    return works_in(user.id, provider.contract_id), access.filter(until__isnull=True).exists()


@pytest.mark.parametrize("first", ["grant", "end"])
def test_a_role_begins_while_the_last_one_in_the_program_ends(first: str) -> None:
    elm, (ada, _) = two_admins(1)
    ash, (cleo, _) = two_admins(2)
    dana = make_person("dana")
    grant_provider_role(user=dana, provider=elm, role=Role.STAFF, by=ada.id, at=START)
    key = Membership.objects.get(user=dana).id
    acts: dict[str, Callable[..., object]] = {
        "grant": partial(grant_provider_role, user=dana, provider=ash, by=cleo.id, role=Role.STAFF),
        "end": partial(
            end_membership, membership_id=key, was=Role.STAFF, by=ada.id, entered=EVERYWHERE
        ),
    }
    leading = acts.pop(first)
    [following] = acts.values()
    written, done = Event(), Event()

    def act(place: int) -> None:
        if place == 0:
            with transaction.atomic():
                leading(at=LATER)
                written.set()
                until_blocked_or(done)
        else:
            assert written.wait(timeout=30)
            following(at=LATER)
            done.set()

    at_once(2, act)
    assert works_and_may_enter(dana, ash) == (True, True)
