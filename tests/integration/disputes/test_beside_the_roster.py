"""While an identifier is disputed nobody releases or moves it beside the dispute."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

import pytest
from django.db import transaction

from contracts.disputes.facts import DisputeFacts
from contracts.disputes.models import Dispute, DisputeState
from contracts.disputes.services.disputes import (
    Release,
    open_dispute,
    reject_dispute,
    uphold_dispute,
)
from contracts.roster.models import RosterEntry
from core.common import clock
from core.common.errors import DomainError
from core.groups.models import Provider, ProviderStatus
from core.groups.services.giving_up import hand_over_provider, loss_of, release_provider
from core.staff.models import StaffRole
from tenants.context import ActiveContract, contract_context
from tests.integration.disputes.test_disputes import FREE, NUMBER, TYPED
from tests.support.naive import fails_with
from tests.support.people import make_person, make_provider
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once, until_blocked_or

pytestmark = pytest.mark.django_db
GUARD = "contracts.disputes.services.guarding"


@dataclass
class Held:
    """A registered provider, one of another group, and the page of its roster entry."""

    provider: Provider
    other: Provider
    page: str


def furnish(contract: ActiveContract) -> Held:
    with contract_context(contract):
        entry = RosterEntry.objects.create(
            unit_key="OAK", identifier=NUMBER, identifier_type="npi", name="Oak Clinic"
        )
    mine = make_provider(make_person("mia"), contract, identifier=NUMBER)
    theirs = make_provider(make_person("noah", phone=None), contract, identifier=FREE)
    Provider.objects.filter(pk=mine.pk).update(roster_entry_id=entry.id)
    page = f"/staff/contracts/{contract.slug}/roster/entries/{entry.id}/providers/{mine.id}/"
    return Held(mine, theirs, page)


def disputed(contract: ActiveContract, identifier: str = NUMBER) -> Dispute:
    facts = DisputeFacts(**{**TYPED, "identifier": identifier})
    answer = open_dispute(contract=contract, facts=facts, address="192.0.2.7", at=clock.now())
    assert answer.dispute is not None
    return answer.dispute


def releasing(held: Held) -> str:
    by, at = held.other.registered_by, clock.now()
    try:
        release_provider(provider_id=held.provider.id, reason="r", by=by, at=at)
    except DomainError as error:
        return error.code
    return "released"


def test_one_person_does_not_get_at_the_roster_what_a_dispute_asks_two_for(
    contract_a: ActiveContract,
) -> None:
    held = furnish(contract_a)
    # Written with spaces and the number of another contract: the same identifier, and another one.
    dispute = disputed(contract_a, f" {NUMBER[:4]} {NUMBER[4:]} ")
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    first = {"act": "uphold", "step": "first", "provider": str(held.provider.id), "reason": "one"}
    admin.post(f"/staff/disputes/{dispute.id}/", first)
    dispute.refresh_from_db()
    assert dispute.first_by is not None
    typed = {"seen": loss_of(held.provider).version, "reason": "alone", "other": FREE}
    there = {**typed, "to": str(held.other.group_id)}
    for act, data in (("release", typed), ("move", there)):
        page = admin.get(f"{held.page}{act}/").content.decode()
        assert "This identifier is in dispute" in page
        assert f"/staff/disputes/{dispute.id}/" in page
        refused = admin.post(f"{held.page}{act}/", data).content.decode()
        assert "there is an open dispute over this identifier" in refused
        assert f"/staff/disputes/{dispute.id}/" in refused
    held.provider.refresh_from_db()
    assert held.provider.status == ProviderStatus.ACTIVE
    assert held.provider.group_id != held.other.group_id


def test_without_the_guard_the_first_person_would_do_it_alone(contract_a: ActiveContract) -> None:
    fails_with(
        "core.groups.services.giving_up.ask_release_guards",
        lambda _provider, **_given: None,
        lambda: test_one_person_does_not_get_at_the_roster_what_a_dispute_asks_two_for(contract_a),
        where="there is an open dispute over this identifier",
    )


def test_it_is_about_this_identifier_here_while_it_is_open(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    held = furnish(contract_a)
    disputed(contract_a, FREE)
    disputed(contract_b, NUMBER)
    mine = disputed(contract_a, NUMBER)
    assert releasing(held) == "disputed"
    with pytest.raises(DomainError, match="open dispute"):
        hand_over_provider(
            provider_id=held.provider.id,
            to=held.other.group_id,
            reason="r",
            by=held.other.registered_by,
            at=clock.now(),
        )
    olive = make_staff(StaffRole.CONTRACT_ADMIN, contract_a)
    reject_dispute(
        dispute_id=mine.id, reason="no", email="m@x.example", by=olive.id, at=clock.now()
    )
    assert releasing(held) == "released"


def test_one_dispute_is_decided_while_another_waits(contract_a: ActiveContract) -> None:
    held, one, _two = furnish(contract_a), disputed(contract_a), disputed(contract_a)
    people = [make_staff(StaffRole.OPERATOR, name=name) for name in ("olive", "otto")]
    for by, step in zip(people, ("first", "second"), strict=True):
        uphold_dispute(
            dispute_id=one.id,
            release=Release(held.provider.id, step),
            reason="r",
            email="m@x.example",
            by=by.id,
            at=clock.now(),
        )
    one.refresh_from_db()
    assert one.state == DisputeState.UPHELD


def in_turn(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """Do the second act while the transaction of the first one has not ended."""
    began, done = Event(), Event()

    def act(place: int) -> object:
        if place == 0:
            try:
                with transaction.atomic():
                    came = first()
                    began.set()
                    until_blocked_or(done)
                return came
            finally:
                began.set()
        began.wait(timeout=30)
        try:
            return second()
        finally:
            done.set()

    return at_once(2, act)


@pytest.mark.django_db(transaction=True)
def test_a_release_waits_for_a_dispute_that_is_being_opened(contract_a: ActiveContract) -> None:
    held = furnish(contract_a)
    _dispute, came = in_turn(lambda: disputed(contract_a), lambda: releasing(held))
    assert came == "disputed"


@pytest.mark.django_db(transaction=True)
def test_a_dispute_waits_for_a_release_that_is_being_made(contract_a: ActiveContract) -> None:
    held = furnish(contract_a)
    came, _dispute = in_turn(lambda: releasing(held), lambda: disputed(contract_a))
    assert came == "released"
    assert Dispute.objects.get().asked_at is not None


@pytest.mark.django_db(transaction=True)
def test_without_the_turn_a_release_would_not_see_the_dispute(contract_a: ActiveContract) -> None:
    fails_with(
        f"{GUARD}.hold_turn",
        lambda *_given: None,
        lambda: test_a_release_waits_for_a_dispute_that_is_being_opened(contract_a),
        where='came == "disputed"',
    )
