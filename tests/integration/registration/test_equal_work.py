"""Reset and *I do not have a code* do the same work whether anybody is known or not.

The clock tells what the page does not: so the statements are compared, one by one. Measured over
HTTP, known and unknown differ by less than the noise.
"""

import dataclasses
import re
from collections.abc import Sequence
from unittest import mock
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.registration.rules import ProofFacts, evaluate
from contracts.registration.services import findings
from contracts.registration.services.journeys import StartOutcome, start_registration
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import list_entries_by_identifier
from core.accounts.models import LimitCount
from core.audit.models import AuditEvent
from core.common import clock
from core.common.identifiers import IdentifierType
from core.common.ids import uuid7
from core.notifications.models import LocalMessage, OutboxMessage
from tenants import registry
from tenants.context import contract_context
from tests.integration.registration.journeys import Browser, Journey, text_of
from tests.support.naive import fails_with
from tests.support.people import deliver_all

pytestmark = pytest.mark.django_db(transaction=True)

NPI = IdentifierType.NPI
_ADDRESS = "dana.reed@clinic.example.org"


@pytest.fixture(autouse=True)
def _only_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what is put into the outbox to the worker, as in production."""
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message_id: None)


def _statements(path: str, **data: str) -> list[str]:
    """Return the kinds of statement that a request makes, and on which table."""
    with CaptureQueriesContext(connection) as queries:
        assert Browser().post(path, data).status_code == 200
    return _kinds(queries)


def _kinds(queries: CaptureQueriesContext) -> list[str]:
    return [" ".join(re.findall(r'^\w+|(?:FROM|INTO|UPDATE) "\w+"', query["sql"]))
            for query in queries.captured_queries]  # fmt: skip


def _registered() -> Journey:
    walk = Journey("wv-bh").start().inform().submit()
    deliver_all()
    return walk


def test_reset_makes_the_same_statements_for_known_and_unknown_usernames() -> None:
    _registered()
    _statements("/wv-bh/register/reset/", username="warm-up")
    known = _statements("/wv-bh/register/reset/", username="dreed")
    unknown = _statements("/wv-bh/register/reset/", username="nobody-has-this")
    assert known == unknown
    assert any("outboxmessage" in statement for statement in known)
    mails = LocalMessage.objects.filter(to=_ADDRESS).count()
    deliver_all()
    assert LocalMessage.objects.count() == LocalMessage.objects.filter(to=_ADDRESS).count()
    assert LocalMessage.objects.filter(to=_ADDRESS).count() == mails + 1


@pytest.mark.parametrize("slug", ["wv-bh", "acentra-sample"])
def test_a_wrong_code_makes_the_same_statements_for_known_and_unknown_numbers(slug: str) -> None:
    def begin(identifier: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            result = start_registration(
                contract=registry.get_contract(slug),
                identifier=identifier,
                code="WRONG-1",
                address="192.0.2.1",
                at=clock.now(),
            )
        assert result.outcome is StartOutcome.REFUSED
        return _kinds(queries)

    begin("1999999984")
    known, unknown = begin("1234567893"), begin("1999999992")
    assert known == unknown
    assert any("rosterentry" in statement for statement in known)


def _decisions(slug: str, code: str | ProofFacts, *, locations: int) -> int:
    """Return how often a wrong code is held against an entry, for so many of one identifier."""
    contract, number = registry.get_contract(slug), f"{uuid7().int % 10**10:010}"
    with contract_context(contract):
        RosterEntry.objects.bulk_create(
            RosterEntry(
                unit_key=uuid7().hex, identifier=number, identifier_type=NPI, name=f"Place {place}"
            )
            for place in range(locations)
        )
    with mock.patch(f"{findings.__name__}.evaluate", wraps=evaluate) as held:
        found = findings.find_claimed(
            contract=contract, claim=findings.Claim(number, code), at=clock.now()
        )
    assert not found.accepted
    return held.call_count


def a_wrong_code_is_held_against_as_many_entries(slug: str, code: str | ProofFacts) -> None:
    counts = {_decisions(slug, code, locations=count) for count in (0, 1, 2, 3, 5, 30)}
    assert len(counts) == 1, counts


@pytest.fixture
def by_location(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the program that asks for facts of a payment register its locations one by one."""
    contract = registry.get_contract("va-dmas")
    section = contract.document.registration.model_copy(update={"unit": "location"})
    document = contract.document.model_copy(update={"registration": section})
    changed, published = dataclasses.replace(contract, document=document), registry.get_contract
    monkeypatch.setattr(
        registry, "get_contract", lambda slug: changed if slug == "va-dmas" else published(slug)
    )


FACTS = ProofFacts(remittance_on="2026-02-27", remittance_amount="1.00")
CLAIMED = [("acentra-sample", "WRONG-1"), ("va-dmas", FACTS)]


@pytest.mark.usefixtures("by_location")
@pytest.mark.parametrize(("slug", "code"), CLAIMED)
def test_many_locations_cost_what_none_costs(slug: str, code: str | ProofFacts) -> None:
    a_wrong_code_is_held_against_as_many_entries(slug, code)


@pytest.mark.usefixtures("by_location")
@pytest.mark.parametrize(("slug", "code"), CLAIMED)
def test_looking_at_what_there_is_would_tell_how_many(slug: str, code: str | ProofFacts) -> None:
    """The naive way: each entry of the identifier, and one that is nowhere where there is none."""

    def naive(entry_ids: Sequence[UUID], claim: findings.Claim, *, most: int) -> list[RosterEntry]:
        return list(list_entries_by_identifier(claim.identifier))

    fails_with(
        "contracts.registration.services.findings._candidates",
        naive,
        lambda: a_wrong_code_is_held_against_as_many_entries(slug, code),
        where="assert len(counts) == 1",
    )


def test_asking_for_a_code_makes_the_same_statements_for_known_and_unknown_numbers() -> None:
    path = "/acentra-sample/register/code/"
    _statements(path, identifier="1999999984")
    known = _statements(path, identifier="1234567893")
    unknown = _statements(path, identifier="1999999992")
    assert known == unknown
    deliver_all()  # works the requests off,
    deliver_all()  # and delivers the mails that they led to
    assert set(LocalMessage.objects.values_list("to", flat=True)) == {
        "office000@acentra-sample.example.org",
        "office001@acentra-sample.example.org",
    }


def test_of_two_mails_that_wait_the_newer_one_is_sent() -> None:
    walk = Journey("wv-bh").start().inform().submit()
    walk.client.post(f"{walk.path}resend/")
    Browser().post("/wv-bh/register/reset/", {"username": "dreed"})
    deliver_all()
    assert LocalMessage.objects.filter(to=_ADDRESS).count() == 1
    newest = OutboxMessage.objects.filter(kind="registration_link").latest("id")
    assert newest.status == "sent"


def test_strangers_use_up_none_of_the_links_that_a_registrant_asks_for() -> None:
    Journey("wv-bh").start().inform().submit()

    def ask(address: str) -> int:
        Browser(REMOTE_ADDR=address).post("/wv-bh/register/reset/", {"username": "dreed"})
        LimitCount.objects.filter(scope="reset.minute").delete()
        deliver_all()
        return LocalMessage.objects.filter(to=_ADDRESS).count()

    sent = [ask("192.0.2.66") for _ in range(7)]
    assert sent[4:] == [sent[4]] * 3
    assert ask("192.0.2.7") == sent[4] + 1
    many = [ask(f"198.51.100.{place}") for place in range(12)]
    assert many[-1] == many[-2] == sent[0] + 14


def test_what_was_asked_for_in_vain_is_recorded_without_names() -> None:
    _registered()
    reset = "/wv-bh/register/reset/"
    for username in ("dreed", "dreed", "nobody-has-this", "nobody-has-this"):
        _statements(reset, username=username)
    events = AuditEvent.objects.filter(event_type="registration.link_requested").order_by("at")
    assert [event.result for event in events] == ["reset", "throttled", "unknown", "throttled"]
    assert [event.subject_id is not None for event in events] == [True, True, False, False]
    for number in range(17):
        Browser().post(reset, {"username": f"nobody-{number}"})
    assert (events.latest("at").result, events.latest("at").data) == (
        "throttled",
        {"limit": "address"},
    )
    assert not any("nobody" in str(event.data) or "dreed" in str(event.data) for event in events)


def test_refused_resends_corrections_and_code_requests_are_recorded() -> None:
    walk = _registered()
    right = {"email": "d.reed@clinic.example.org", "confirm_email": "d.reed@clinic.example.org"}
    for _ in range(2):
        walk.client.post(f"{walk.path}resend/")
        walk.client.post(f"{walk.path}address/", right)
    for _ in range(4):
        Browser().post("/acentra-sample/register/code/", {"identifier": "1234567893"})
    LimitCount.objects.filter(scope="code.address").update(attempts=10)
    Browser().post("/acentra-sample/register/code/", {"identifier": "1234567893"})
    assert _results("registration.link_requested") == ["ok", "throttled"]
    assert _results("registration.address_corrected") == ["ok", "throttled"]
    assert _results("code.requested") == ["ok"] * 3 + ["throttled"] * 2


def _results(event_type: str) -> list[str]:
    events = AuditEvent.objects.filter(event_type=event_type).order_by("at")
    return list(events.values_list("result", flat=True))


def test_a_strangers_resets_leave_the_persons_own_resend_and_correction() -> None:
    walk = _registered()
    for _ in range(6):
        LimitCount.objects.filter(scope="reset.minute").delete()
        Browser().post("/wv-bh/register/reset/", {"username": "dreed"})
    assert "We sent a new link" in text_of(walk.client.post(f"{walk.path}resend/", follow=True))
    right = {"email": "d.reed@clinic.example.org", "confirm_email": "d.reed@clinic.example.org"}
    corrected = walk.client.post(f"{walk.path}address/", right, follow=True)
    assert "We corrected the address" in text_of(corrected)
