"""Approvals and what else happens to a registration at the same moment: one wins, one is told."""

from collections.abc import Callable
from threading import Barrier
from uuid import UUID

import pytest

from contracts.registration.models import Approval, PendingRegistration
from contracts.registration.services.approvals import (
    approve_registration,
    decline_registration,
)
from contracts.registration.services.journeys import start_registration
from contracts.registration.services.links import correct_address
from contracts.registration.services.reservations import release_expired
from contracts.registration.services.withdrawing import withdraw_registration
from core.accounts.models import User
from core.common import clock
from core.common.errors import DomainError
from core.groups.models import Membership, Provider
from core.staff.models import StaffRole
from tenants.registry import get_contract
from tests.integration.registration.journeys import CLAIMS, Journey
from tests.support.naive import fails_with
from tests.support.publishing import publish_change
from tests.support.staff import make_staff
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SLUG = "wv-bh"


def waiting(*, two: bool = False) -> Approval:
    publish_change(
        SLUG, registration__approval="operator", registration__approval_second_person=two
    )
    journey = Journey(SLUG).start().inform().submit()
    journey.follow()
    journey.prove_email()
    return Approval.objects.select_related("registration").get()


def staff(*names: str) -> list[User]:
    return [make_staff(StaffRole.OPERATOR, name=name) for name in names]


def approving(approval: Approval, by: User, step: str = "only") -> str:
    try:
        approve_registration(
            approval_id=approval.id, step=step, reason="called", by=by.id, at=clock.now()
        )
    except DomainError as error:
        return error.code
    return "approved"


def declining(approval: Approval, by: User) -> str:
    try:
        decline_registration(approval_id=approval.id, reason="no", by=by.id, at=clock.now())
    except DomainError as error:
        return error.code
    return "declined"


def both(first: Callable[[], str], second: Callable[[], str]) -> set[str]:
    return set(at_once(2, lambda place: (first, second)[place]()))


def test_of_two_who_approve_at_once_one_is_told() -> None:
    approval, (olive, otto) = waiting(), staff("olive", "otto")
    came = both(lambda: approving(approval, olive), lambda: approving(approval, otto))
    assert came == {"approved", "approval_over"}
    assert Provider.objects.count() == 1
    assert Membership.objects.filter(user_id=approval.user_id).count() == 1


def test_without_the_lock_two_would_approve_before_one_is_told() -> None:
    both_have_read = Barrier(2)

    def naive(approval_id: UUID, **_given: object) -> Approval:
        read = Approval.objects.select_related("user", "registration").get(pk=approval_id)
        both_have_read.wait(timeout=30)
        return read

    fails_with(
        "contracts.registration.services.approvals._hold",
        naive,
        test_of_two_who_approve_at_once_one_is_told,
        where="approval_over",
    )


def test_of_approving_and_declining_at_once_one_counts() -> None:
    approval, (olive, otto) = waiting(), staff("olive", "otto")
    came = both(lambda: approving(approval, olive), lambda: declining(approval, otto))
    approval.refresh_from_db()
    assert came == {approval.outcome, "approval_over"}
    assert Provider.objects.count() == (approval.outcome == "approved")


def test_one_person_in_two_tabs_is_never_two() -> None:
    approval, (olive,) = waiting(two=True), staff("olive")
    came = both(
        lambda: approving(approval, olive, "first"), lambda: approving(approval, olive, "first")
    )
    assert came == {"approved", "same_person"}
    assert not Provider.objects.exists()
    came = both(
        lambda: approving(approval, olive, "second"), lambda: approving(approval, olive, "second")
    )
    assert came == {"same_person"}


def test_the_end_of_the_reservation_and_an_approval_do_not_both_happen() -> None:
    approval, (olive,) = waiting(), staff("olive")
    end = approval.registration.reserved_until

    def ends() -> str:
        release_expired(at=end)
        return "ended"

    both(lambda: approving(approval, olive), ends)
    # Whoever had the row in hand first; what was skipped comes with the next round.
    release_expired(at=end)
    approval.refresh_from_db()
    state = PendingRegistration.objects.get().state
    outcome = (approval.outcome, state, Provider.objects.count())
    assert outcome in {("approved", "completed", 1), ("ended", "released", 0)}


def test_a_restart_by_whoever_registers_changes_nothing_of_what_is_decided() -> None:
    approval, (olive,) = waiting(), staff("olive")

    def restart() -> str:
        at = clock.now()
        claim = CLAIMS[SLUG]
        start_registration(
            contract=get_contract(SLUG),
            identifier=claim["identifier"],
            code=claim["code"],
            address="192.0.2.1",
            at=at,
        )
        corrected = correct_address(
            pending_id=approval.registration_id, email="x@other.example", at=at
        )
        return "moved" if corrected.accepted else "left"

    assert both(lambda: approving(approval, olive), restart) == {"approved", "left"}
    assert Provider.objects.get().status == "active"
    assert PendingRegistration.objects.get().email == ""


def withdrawing(approval: Approval) -> str:
    try:
        withdraw_registration(approval_id=approval.id, by=approval.user_id, at=clock.now())
    except DomainError as error:
        return error.code
    return "withdrawn"


def test_of_withdrawing_and_a_decision_at_once_one_counts() -> None:
    approval, (olive,) = waiting(), staff("olive")
    came = both(lambda: withdrawing(approval), lambda: approving(approval, olive))
    approval.refresh_from_db()
    assert came == {approval.outcome, "approval_over"}
    assert Provider.objects.count() == (approval.outcome == "approved")
