"""The registration simulator: says what a registration would, step by step, and begins nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.registration.models import Journey
from contracts.registration.rules import check_input, run_vector
from contracts.registration.selectors import local_date
from contracts.registration.services.findings import Claim, hold_claim_in
from contracts.registration.services.journeys import StartOutcome, start_registration
from contracts.registration.services.simulating import (
    PER_HOUR,
    TooManyTriesError,
    simulate_registration,
)
from contracts.roster.models import RosterEntry
from core.accounts.models import LimitCount, User
from core.accounts.services.attempts import Allowance
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.vectors import TestVector, VectorEntry
from tenants.context import contract_context
from tests.support.days import day_of
from tests.support.drafts import make_draft
from tests.support.naive import fails_with
from tests.support.people import make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.staff import staff_client
from tests.support.threads import at_once
from tests.unit.configuration.documents import sample

pytestmark = pytest.mark.django_db
PAGE = "/staff/contracts/wv-bh/simulator/"


def entry(**wanted: object) -> RosterEntry:
    with contract_context(registry.get_contract("wv-bh")):
        found = RosterEntry.objects.filter(removed_at=None, ends_on=None, **wanted)
        found = found.exclude(starts_on__gt=day_of())
        # Not the example that stands under the fields.
        found = found.exclude(code__in=("", "0012345678")).exclude(identifier="")
        return found.order_by("id")[0]


@pytest.fixture
def desk() -> Client:
    return staff_client(StaffRole.HELP_DESK)


def tried(client: Client, identifier: str, code: str, *, of: str = "") -> str:
    path = f"{PAGE}?of={of}" if of else PAGE
    answer = client.post(path, {"identifier": identifier, "code": code})
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_help_desk_sees_why(desk: Client) -> None:
    one = entry(identifier_type="npi")
    right = tried(desk, one.identifier, one.code)
    assert "The registration would go on" in right
    assert "has a way for this entry: identifier and code." in right
    assert one.name in right
    wrong = tried(desk, one.identifier, "0000000000")
    assert "would be refused" in wrong
    assert one.name not in wrong
    assert one.code not in wrong
    assert "No entry of the roster" in tried(desk, "1679576722", one.code)
    assert "Check the NPI." in tried(desk, "1234567890", one.code)
    events = AuditEvent.objects.filter(event_type="registration.simulated")
    assert {event.result for event in events} == {"accepted", "refused"}
    assert one.code not in "".join(str(event.data) for event in events)
    assert not Journey.objects.exists()


def test_whoever_sees_the_roster_is_told_the_entry_that_was_meant() -> None:
    one = entry(identifier_type="npi")
    assert one.name in tried(staff_client(StaffRole.OPERATOR), one.identifier, "0000000000")


def test_what_is_registered_is_said_to_be(desk: Client) -> None:
    one = entry(identifier_type="npi")
    make_provider(make_person("head"), registry.get_contract("wv-bh"), identifier=one.identifier)
    shown = tried(desk, one.identifier, one.code)
    assert "would be refused" in shown
    assert "It is not registered yet." in shown


def test_an_earlier_revision_and_a_draft_are_tried_before_they_count() -> None:
    operator, one = staff_client(StaffRole.OPERATOR), entry(identifier_type="npi")
    publish_change("wv-bh", registration__provider_types=["Nobody of this type"])
    assert "would be refused" in tried(operator, one.identifier, one.code)
    assert "would go on" in tried(operator, one.identifier, one.code, of="1")
    assert operator.get(f"{PAGE}?of=99").status_code == 404
    assert operator.get(f"{PAGE}?of=draft").status_code == 404
    operator.post("/staff/contracts/wv-bh/draft/")
    assert "would be refused" in tried(operator, one.identifier, one.code, of="draft")


def test_other_contracts_are_not_there() -> None:
    client = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"))
    assert client.get(PAGE).status_code == client.post(PAGE).status_code == 404


@settings(max_examples=15)
@given(st.data())
def test_the_simulator_and_the_registration_say_the_same(data: st.DataObject) -> None:
    contract, at = registry.get_contract("wv-bh"), clock.now()
    with contract_context(contract):
        entries = list(RosterEntry.objects.order_by("id")[:60])
    one, other = data.draw(st.sampled_from(entries)), data.draw(st.sampled_from(entries))
    numbers = [one.identifier, one.code, other.code, "0000000000"]
    identifier = data.draw(st.sampled_from([number for number in numbers if number]))
    code = data.draw(st.sampled_from([number for number in numbers if number]))
    LimitCount.objects.all().delete()
    made = simulate_registration(
        contract=contract, identifier=identifier, code=code, by=uuid7(), at=at
    )
    begun = start_registration(
        contract=contract, identifier=identifier, code=code, address="192.0.2.1", at=at
    )
    assert made.goes_on or made.problems or begun.outcome == StartOutcome.REFUSED
    assert made.goes_on == (begun.outcome == StartOutcome.FOUND) or made.problems


@pytest.mark.django_db(transaction=True)
def test_a_simulator_that_does_not_count_would_be_asked_all_day() -> None:
    fails_with(
        "contracts.registration.services.simulating.count_attempt",
        lambda **_: Allowance(allowed=True),
        test_nobody_finds_a_code_by_asking_all_day,
        where="assert answers.count(True) == PER_HOUR",
    )


@pytest.mark.django_db(transaction=True)
def test_nobody_finds_a_code_by_asking_all_day() -> None:
    contract, by, at = registry.get_contract("wv-bh"), uuid7(), clock.now()

    def ask(place: int) -> bool:
        try:
            simulate_registration(
                contract=contract, identifier="1679576722", code=f"{place:010}", by=by, at=at
            )
        except TooManyTriesError:
            return False
        return True

    answers = [given for _ in range(4) for given in at_once(10, ask)]
    assert answers.count(True) == PER_HOUR
    later = at + timedelta(hours=1)
    made = simulate_registration(
        contract=contract, identifier="1679576722", code="1", by=by, at=later
    )
    assert made.problems


def test_test_vectors_are_shown_with_what_the_rule_says(desk: Client) -> None:
    page = desk.get(PAGE).content.decode()
    assert "NPI in both fields, though the provider has a Medicaid ID" in page
    assert "Not as expected" not in page
    otto = staff_client(StaffRole.OPERATOR, name="otto")
    vectors = [one.model_dump(mode="json") for one in sample().registration.test_vectors]
    vectors[0]["expect"] = "wrong_code"
    make_draft(User.objects.get(username="otto"), registration__test_vectors=vectors)
    tried = otto.get(f"{PAGE}?of=draft").content.decode()
    assert tried.count("Not as expected") == 1
    assert "Expected: Refused: wrong code. The rule says: Accepted." in tried


@settings(max_examples=40)
@given(data=st.data())
def test_a_vector_says_what_the_registration_says(data: st.DataObject) -> None:
    """Of an entry of the roster, whatever somebody types of it or of another one."""
    contract = registry.get_contract("wv-bh")
    with contract_context(contract):
        rows = list(RosterEntry.objects.filter(removed_at=None).order_by("id")[:60])
    one, other = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(rows))
    texts = [one.identifier, one.code, other.identifier, other.code, "0000000000", "1999999992"]
    known = st.sampled_from([text for text in texts if text])
    identifier, code = data.draw(known), data.draw(known)
    found = hold_claim_in(contract=contract, claim=Claim(identifier, code), at=clock.now())
    mine = [str(finding.decision.reason) for finding in found if finding.entry.id == one.id]
    vector = TestVector(
        what="drawn",
        identifier=identifier,
        code=code,
        expect="accepted",
        entry=VectorEntry(
            identifier=one.identifier or None,
            identifier_type=str(one.identifier_type),
            code=one.code or None,
            provider_type=one.provider_type or None,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
        ),
    )
    rule = contract.document.registration
    result = run_vector(rule, vector, today=local_date(contract.document, clock.now()))
    if check_input(rule, identifier, code):
        assert result.outcome == "malformed"
    else:
        assert result.outcome == (mine[0] if mine else "no_entry")
