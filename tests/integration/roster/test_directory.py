"""The shared index: one probe finds contract and entry, and holds nothing readable."""

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from contracts.directory.models import Fingerprint
from contracts.directory.selectors import Match, find_matches
from contracts.programs.sample_rosters import sample_registrations
from contracts.registration.rules import evaluate
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import entry_facts, find_entry, list_codes
from contracts.roster.services.index import rebuild_index
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import (
    AT,
    CLINIC,
    NO_CODE,
    NO_NPI,
    WriteRoster,
    take,
    with_registration,
)


@pytest.mark.parametrize("slug", ["wv-bh", "ms-um", "acentra-sample"])
def test_the_samples_to_try_are_found_and_decided_as_their_note_says(db: None, slug: str) -> None:
    contract = registry.get_contract(slug)
    for sample in sample_registrations(slug):
        matches = find_matches(sample.identifier, sample.code)
        assert [match.contract_id for match in matches] == [contract.id], sample
        with contract_context(contract):
            entry = find_entry(matches[0].entry_id)
            assert entry is not None
            assert entry.name == sample.name
            decision = evaluate(
                rule=contract.document.registration,
                identifier=sample.identifier,
                code=sample.code,
                entry=entry_facts(entry),
                codes=list_codes([entry.id])[entry.id],
                on=AT.date(),
                at=AT,
            )
        assert decision.accepted != sample.note.startswith("refused"), sample


def test_one_query_whatever_is_typed(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # The first statement of a connection also sets its path.
    find_matches("", "")
    for pair in [("1234567893", "0012345678"), ("nobody", "nothing"), ("", ""), ("\x00", "é" * 9)]:
        with django_assert_num_queries(1):
            find_matches(*pair)


def test_a_pair_of_two_contracts_has_two_hits(
    contract_a: ActiveContract, contract_c: ActiveContract, write_roster: WriteRoster
) -> None:
    alike = {"without_code": "identifier_in_both"}
    for contract in (contract_a, with_registration(contract_c, **alike)):
        with contract_context(contract):
            take(write_roster([NO_CODE]))
    matches = find_matches("1000000012", "1000000012")
    assert {match.contract_id for match in matches} == {contract_a.id, contract_c.id}
    assert len(find_matches("1000000012", "1000000012", contract_id=contract_c.id)) == 1


def test_nothing_readable_is_stored(contract_a: ActiveContract, write_roster: WriteRoster) -> None:
    with contract_context(contract_a):
        take(write_roster([CLINIC, NO_NPI]))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(to_jsonb(f)::text, ' ') FROM contracts_directory_fingerprint f"
        )
        (text,) = cursor.fetchone()
    for value in ("1234567893", "0012345678", "0090000012"):
        assert value not in text
        assert value.encode().hex() not in text


def test_publishing_one_contract_leaves_the_others_alone(
    contract_a: ActiveContract, contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    others = Fingerprint.objects.filter(contract_id=contract_b.id).count()
    assert others
    with contract_context(contract_a):
        take(write_roster([CLINIC]))
    assert Fingerprint.objects.filter(contract_id=contract_a.id).count() == 1
    assert Fingerprint.objects.filter(contract_id=contract_b.id).count() == others


def test_a_change_of_the_rule_is_published_by_a_rebuild(
    contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    with contract_context(contract_a):
        take(write_roster([CLINIC, NO_NPI, NO_CODE]))
        assert rebuild_index() == 3
    strict = with_registration(contract_a, without_npi="refuse", without_code="refuse")
    with contract_context(strict):
        assert rebuild_index() == 1
    assert find_matches("1000000012", "1000000012", contract_id=contract_a.id) == []


def test_a_new_key_keeps_what_the_old_one_published(
    contract_a: ActiveContract,
    contract_b: ActiveContract,
    write_roster: WriteRoster,
    settings: Settings,
) -> None:
    with contract_context(contract_a):
        take(write_roster([CLINIC]))
        entry_id = RosterEntry.objects.get(identifier="1234567893").id
    settings.PORTAL_SECRET_KEYS = {**settings.PORTAL_SECRET_KEYS, 2: "another key of some length"}
    expected = [Match(contract_a.id, entry_id)]
    assert find_matches("1234567893", "0012345678") == expected
    with contract_context(contract_a):
        rebuild_index()
    assert find_matches("1234567893", "0012345678") == expected
    assert set(
        Fingerprint.objects.filter(contract_id=contract_a.id).values_list("key_version", flat=True)
    ) == {2}
    # Nobody knows the issued codes any more: their fingerprints stay under the key of their time.
    with contract_context(contract_b):
        rebuild_index()
    assert len(find_matches("1234567893", "K7QM2XRT9B")) == 1
