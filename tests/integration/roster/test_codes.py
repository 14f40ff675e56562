"""Issued codes: shown once, kept as digests, revoked by newer ones, spent within their uses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, connections

from contracts.directory.selectors import find_matches
from contracts.registration.rules import Decision, Reason, Way, evaluate
from contracts.roster.models import IssuedCode, RosterEntry
from contracts.roster.selectors import (
    entry_facts,
    find_entry,
    list_codes,
    list_entries,
    list_entries_by_identifier,
    list_entries_without_code,
)
from contracts.roster.services.codes import NoIssuedCodesError, issue_codes, spend_code
from core.audit.models import AuditEvent
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import (
    AT,
    CLINIC,
    LOCATION,
    NAMELESS_LOCATION,
    SECOND_LOCATION,
    WriteRoster,
    take,
)


@pytest.fixture
def entry(in_contract_b: ActiveContract, write_roster: WriteRoster) -> RosterEntry:
    take(write_roster([LOCATION, SECOND_LOCATION | {"code": ""}, NAMELESS_LOCATION]))
    return RosterEntry.objects.get(address_1="400 Station Avenue", removed_at=None)


def decide(contract: ActiveContract, entry: RosterEntry, identifier: str, code: str) -> Decision:
    return evaluate(
        rule=contract.document.registration,
        identifier=identifier,
        code=code,
        entry=entry_facts(entry),
        codes=list_codes([entry.id])[entry.id],
        on=AT.date(),
        at=AT,
    )


def test_a_new_code_opens_its_entry_and_no_other(
    in_contract_b: ActiveContract, entry: RosterEntry
) -> None:
    (new,) = issue_codes(entries=[entry], by=None, at=AT)
    decision = decide(in_contract_b, entry, entry.identifier, new.code)
    assert (decision.reason, decision.way) == (Reason.ACCEPTED, Way.ISSUED_CODE)
    assert decision.issued_code_id == new.id
    assert [match.entry_id for match in find_matches(entry.identifier, new.code)] == [entry.id]
    other = RosterEntry.objects.get(address_1="1 Main Street", identifier=entry.identifier)
    assert decide(in_contract_b, other, entry.identifier, new.code).reason is Reason.WRONG_CODE


def test_only_digests_are_stored(in_contract_b: ActiveContract, entry: RosterEntry) -> None:
    (new,) = issue_codes(entries=[entry], by=None, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM contracts_roster_issuedcode c")
        rows = " ".join(text for (text,) in cursor.fetchall())
    assert new.code not in rows
    assert new.code.encode().hex() not in rows


def test_a_newer_code_revokes_the_older(in_contract_b: ActiveContract, entry: RosterEntry) -> None:
    (old,) = issue_codes(entries=[entry], by=None, at=AT - timedelta(days=1))
    (new,) = issue_codes(entries=[entry], by=None, at=AT)
    assert decide(in_contract_b, entry, entry.identifier, old.code).reason is Reason.CODE_REVOKED
    assert decide(in_contract_b, entry, entry.identifier, new.code).accepted
    # The index still finds the old pair, so that the audit can say why it was refused.
    assert len(find_matches(entry.identifier, old.code)) == 1


def test_a_code_expires(in_contract_b: ActiveContract, entry: RosterEntry) -> None:
    (old,) = issue_codes(entries=[entry], by=None, at=AT - timedelta(days=90))
    assert decide(in_contract_b, entry, entry.identifier, old.code).reason is Reason.CODE_EXPIRED


def test_an_issue_is_recorded_without_the_code(
    in_contract_b: ActiveContract, entry: RosterEntry
) -> None:
    operator = UUID(int=5)
    (new,) = issue_codes(entries=[entry], by=operator, at=AT)
    event = AuditEvent.objects.latest("id")
    assert (event.event_type, event.actor_id) == ("issued_code.issued", operator)
    assert event.data == {"codes": [str(new.id)], "revoked": 0}


def test_a_provider_without_npi_types_the_code_twice(
    in_contract_b: ActiveContract, entry: RosterEntry
) -> None:
    unnamed = RosterEntry.objects.get(identifier="", removed_at=None)
    (new,) = issue_codes(entries=[unnamed], by=None, at=AT)
    assert decide(in_contract_b, unnamed, new.code, new.code).way is Way.ISSUED_CODE_IN_BOTH
    assert [match.entry_id for match in find_matches(new.code, new.code)] == [unnamed.id]


def test_entries_without_a_usable_code_are_listed(
    in_contract_b: ActiveContract, entry: RosterEntry
) -> None:
    assert list(list_entries_without_code(AT)) == [entry]
    assert list_entries_without_code(AT + timedelta(days=91)).count() == 3
    issue_codes(entries=[entry], by=None, at=AT)
    assert not list_entries_without_code(AT).exists()


def test_a_rule_of_program_numbers_issues_no_codes(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    take(write_roster([CLINIC]))
    with pytest.raises(NoIssuedCodesError):
        issue_codes(entries=list_entries(), by=None, at=AT)


def test_facts_of_a_payment_are_not_published_but_issued_codes_are(
    knowledge_contract: ActiveContract, write_roster: WriteRoster
) -> None:
    paid = CLINIC | {"code": "", "remittance_on": "2026-02-27", "remittance_amount": "1234.50"}
    new = CLINIC | {"identifier": "1000000004", "code": "T5CZ9WGA3H"}
    with contract_context(knowledge_contract):
        take(write_roster([paid, new]))
        ids = {found.identifier: found.id for found in list_entries()}
    scope = {"contract_id": knowledge_contract.id}
    assert find_matches("1234567893", "2026-02-27", **scope) == []
    assert find_matches("1234567893", "", **scope) == []
    matches = find_matches("1000000004", "T5CZ-9WGA-3H", **scope)
    assert [match.entry_id for match in matches] == [ids["1000000004"]]


def test_a_code_is_spent_once(in_contract_b: ActiveContract, entry: RosterEntry) -> None:
    (new,) = issue_codes(entries=[entry], by=None, at=AT)
    assert spend_code(code_id=new.id, by=None, at=AT)
    assert not spend_code(code_id=new.id, by=None, at=AT)
    results = AuditEvent.objects.filter(event_type="issued_code.spent", subject_id=new.id)
    assert list(results.order_by("id").values_list("result", flat=True)) == ["ok", "refused"]
    assert decide(in_contract_b, entry, entry.identifier, new.code).reason is Reason.CODE_USED_UP


@pytest.mark.parametrize("change", [{"revoked_at": AT}, {"expires_at": AT}])
def test_a_dead_code_is_not_spent(
    in_contract_b: ActiveContract, entry: RosterEntry, change: dict[str, object]
) -> None:
    (new,) = issue_codes(entries=[entry], by=None, at=AT - timedelta(hours=1))
    IssuedCode.objects.filter(pk=new.id).update(**change)
    assert not spend_code(code_id=new.id, by=None, at=AT)


def test_entries_are_found_by_id_and_identifier(
    in_contract_b: ActiveContract, entry: RosterEntry
) -> None:
    assert find_entry(entry.id) == entry
    assert find_entry(UUID(int=1)) is None
    assert list_entries_by_identifier(" 1234-567-893").count() == 2
    assert list_entries_by_identifier("").count() == 0


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_spend_a_code_once(contract_b: ActiveContract) -> None:
    with contract_context(contract_b):
        (new,) = issue_codes(entries=list_entries()[:1], by=None, at=AT)

    def spend(_: int) -> bool:
        try:
            with contract_context(registry.get_contract(contract_b.slug)):
                return spend_code(code_id=new.id, by=None, at=AT)
        finally:
            connections.close_all()

    run: Callable[[int], bool] = spend
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(run, range(16))) == 1
    with contract_context(contract_b):
        assert IssuedCode.objects.get(pk=new.id).uses == 1
