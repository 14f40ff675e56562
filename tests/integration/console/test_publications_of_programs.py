"""Publications that a program asks for: who is behind it decides nothing about them."""

from datetime import datetime, timedelta

import pytest

from contracts.console.models import PlannedPublication
from contracts.console.publications.facts import facts_of
from contracts.console.publications.rights import find_contract, list_approvers
from contracts.console.services.carrying_out import carry_out
from contracts.console.services.publications import (
    OwnPublicationError,
    Wish,
    approve_publication,
    decline_publication,
    plan_publication,
)
from core.accounts.models import User
from core.common import clock
from core.notifications.models import OutboxMessage
from core.staff.models import ApiToken, ServiceAccount, StaffRole
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, find_staff, list_holders
from core.staff.services.api_tokens import TokenWish, make_token, revoke_token
from core.staff.services.service_accounts import ServiceWish, make_service_account
from tenants import registry
from tests.support.naive import fails_with
from tests.support.staff import make_staff
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
CONTACT = "robots@example.org"


def operator(name: str) -> StaffActor:
    return actor(make_staff(StaffRole.OPERATOR, name=name))


def actor(user: User) -> StaffActor:
    found = find_staff(user, at=clock.now())
    assert found is not None
    return found


def program(maker: StaffActor) -> ServiceAccount:
    wish = ServiceWish("Robot", CONTACT, StaffRole.OPERATOR, None)
    return make_service_account(staff=maker, wish=wish, reason="Ticket 12", at=clock.now())


def asked_by(author: User, *, at: datetime) -> PlannedPublication:
    document = changed(registry.get_contract("wv-bh").document, brand__product="Planned")
    wish = Wish(document=document, base=1, note="As agreed", needs_approval=True)
    return plan_publication(wish=wish, author=author, at=at)


def test_who_is_behind_a_program_does_not_decide_what_it_asked_for() -> None:
    maker, lender, third = operator("maker"), operator("lender"), operator("third")
    robot, at = program(maker), clock.now()
    wish = TokenWish("Nightly", (StaffPermission.CONTRACTS_CONFIGURE,), None, 30)
    make_token(holder=actor(robot.user), wish=wish, by=lender, at=at)
    found = asked_by(robot.user, at=at)
    for one in (maker, lender):
        assert not facts_of(found, one, at=at).may_decide
        for act in (approve_publication, decline_publication):
            with pytest.raises(OwnPublicationError):
                act(publication=found, by=one.user.pk, reason="Seen", at=at)
    asked = list_approvers(find_contract("wv-bh"), author=robot.user, at=at)
    assert [one.username for one in asked] == ["third"]
    assert facts_of(found, third, at=at).may_decide
    done = approve_publication(publication=found, by=third.user.pk, reason="Seen", at=at)
    assert done.approved_by == third.user.pk


def test_what_became_of_it_is_told_to_who_looks_after_the_program() -> None:
    robot, third, at = program(operator("maker")), operator("third"), clock.now()
    found = asked_by(robot.user, at=at)
    decline_publication(publication=found, by=third.user.pk, reason="No", at=at)
    assert OutboxMessage.objects.get(kind="publication_ended").to == CONTACT


def test_programs_are_told_of_nothing() -> None:
    maker = operator("maker")
    program(maker)
    contract = find_contract("wv-bh")
    assert contract is not None
    held = list_holders(StaffPermission.CONTRACTS_PUBLISH, [contract.pk], at=clock.now())
    assert [one.user for one in held] == [maker.user]


def test_a_second_person_who_is_only_another_account_is_seen() -> None:
    """The naive way: author and approver are two accounts."""
    fails_with(
        "contracts.console.services.publications.people_behind",
        lambda user_id: frozenset({user_id}),
        test_who_is_behind_a_program_does_not_decide_what_it_asked_for,
        where="act(publication=found",
    )


def planned_by_token(*, at: datetime) -> tuple[PlannedPublication, ApiToken]:
    """Return what a program of somebody wants published in a day, and its token."""
    olive = operator("olive")
    wish = TokenWish("Nightly", (StaffPermission.CONTRACTS_PUBLISH,), None, 30)
    token = make_token(holder=olive, wish=wish, by=olive, at=at).row
    document = changed(registry.get_contract("wv-bh").document, brand__product="Planned")
    planned = Wish(document, 1, "As agreed", at + timedelta(days=1), token_id=token.pk)
    return plan_publication(wish=planned, author=olive.user, at=at), token


def test_what_a_revoked_token_planned_does_not_happen() -> None:
    at = clock.now()
    planned, token = planned_by_token(at=at)
    revoke_token(token=token, by=token.user_id, at=at)
    assert carry_out(publication_id=planned.pk, at=at + timedelta(days=2)) is None, "it happens"
    planned.refresh_from_db()
    assert "was revoked" in planned.outcome


def test_what_an_expired_token_planned_does() -> None:
    at = clock.now()
    planned, _token = planned_by_token(at=at)
    ApiToken.objects.update(expires_at=at + timedelta(hours=1))
    assert carry_out(publication_id=planned.pk, at=at + timedelta(days=2)) == "wv-bh"


def test_a_plan_that_outlives_its_token_is_seen() -> None:
    fails_with(
        "contracts.console.services.carrying_out.is_revoked",
        lambda _token_id: False,
        test_what_a_revoked_token_planned_does_not_happen,
        where="it happens",
    )
