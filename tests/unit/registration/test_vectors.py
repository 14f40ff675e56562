"""Test vectors: what the rule says to them, and the gates that run them."""

from datetime import date
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from contracts.registration.rules import Reason, run_vector
from tenants.configuration.document import ContractDocument
from tenants.configuration.gates import GateContext, contract_failures
from tenants.configuration.vectors import ANOTHER_CODE, ISSUED_CODE, Outcome, TestVector
from tests.unit.configuration.documents import PROGRAMS, changed, sample

TODAY = date(2026, 11, 22)
FAMILIES = {
    "program_id": ["accepted", "no_entry", "wrong_code", "entry_ended", "malformed"],
    "issued_code": ["accepted", "code_expired", "code_revoked", "code_used_up", "wrong_code"],
    "knowledge_proof": ["accepted", "wrong_facts", "facts_not_on_file", "code_expired"],
}


def closed(document: ContractDocument) -> list[tuple[str, str]]:
    failures = contract_failures(document, GateContext(on=TODAY))
    return [(failure.gate, failure.field) for failure in failures]


def with_vectors(document: ContractDocument, *vectors: dict[str, Any]) -> ContractDocument:
    return changed(document, registration__test_vectors=list(vectors))


def as_they_are(document: ContractDocument) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in document.registration.test_vectors]


def test_a_vector_can_expect_all_that_a_rule_can_say() -> None:
    # Vectors have entries of the present roster: there is no other in a document.
    assert set(get_args(Outcome)) == {*Reason, "malformed"} - {Reason.ENTRY_REMOVED}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_samples_hold_every_line_of_their_rule(path: Any) -> None:
    registration = sample(path.stem).registration
    results = [run_vector(registration, one, today=TODAY) for one in registration.test_vectors]
    assert {result.vector.what: result.outcome for result in results} == {
        one.what: one.expect for one in registration.test_vectors
    }
    assert {result.outcome for result in results} >= set(FAMILIES[registration.rule.family])


@pytest.mark.parametrize(
    ("slug", "field", "value"),
    [
        ("wv-bh", "registration__without_npi", "refuse"),
        ("wv-bh", "registration__without_code", "refuse"),
        ("wv-bh", "registration__check_npi", False),
        ("wv-bh", "registration__rule", {"family": "program_id", "pattern": "[0-9]{9}"}),
        ("wv-bh", "registration__provider_types", ["Hospital"]),
        ("acentra-sample", "registration__without_npi", "refuse"),
        ("va-dmas", "registration__rule__issued_code_fallback", False),
        ("va-dmas", "registration__rule__facts", ["remittance_on"]),
    ],
)
def test_a_change_of_the_rule_that_was_not_meant_is_found(
    slug: str, field: str, value: object
) -> None:
    before = sample(slug)
    after = changed(before, **{field: value, "registration__test_vectors": as_they_are(before)})
    assert "test_vectors_pass" in {gate for gate, _ in closed(after)}


def test_the_failure_names_the_vector_and_the_check_that_decided() -> None:
    document = sample()
    first, *others = as_they_are(document)
    first["expect"] = "wrong_code"
    others[5] |= {"expect": "accepted"}
    failures = contract_failures(with_vectors(document, first, *others), GateContext(on=TODAY))
    assert [(one.gate, one.field) for one in failures] == [
        ("test_vectors_pass", "registration.test_vectors.0.expect"),
        ("test_vectors_pass", "registration.test_vectors.6.expect"),
    ]
    assert "wrong_code is expected, the rule says accepted." in failures[0].message
    assert failures[1].message.endswith(
        "the rule says wrong_code. This is not so: The code is the entry's."
    )


@pytest.mark.parametrize(("kept", "count"), [("accepted", 1), ("refused", 1), ("none", 2)])
def test_both_sides_of_the_rule_have_a_vector(kept: str, count: int) -> None:
    document = sample()
    some = [one for one in as_they_are(document) if kept == _side(one)]
    assert (
        closed(with_vectors(document, *some))
        == [("test_vectors_cover", "registration.test_vectors")] * count
    )


def _side(vector: dict[str, Any]) -> str:
    return "accepted" if vector["expect"] == "accepted" else "refused"


def test_the_code_of_a_vector_is_drawn_for_its_run_alone() -> None:
    rule = sample("acentra-sample").registration
    entry = {"identifier": "1234567893", "issued_code": "valid"}
    row = {"what": "x", "identifier": "1234567893", "expect": "accepted", "entry": entry}
    drawn = TestVector.model_validate({**row, "code": ISSUED_CODE})
    guessed = TestVector.model_validate({**row, "code": ANOTHER_CODE})
    assert run_vector(rule, drawn, today=TODAY).passed
    assert run_vector(rule, guessed, today=TODAY).outcome == "wrong_code"


@pytest.mark.parametrize("field", ["code", "identifier"])
def test_no_code_that_could_have_been_issued_stands_in_a_document(field: str) -> None:
    document = sample("acentra-sample")
    vectors = as_they_are(document)
    vectors[7][field] = "K7QM-2XRT-9B"
    gates = closed(with_vectors(document, *vectors))
    assert ("test_vectors_hold_no_codes", f"registration.test_vectors.7.{field}") in gates


def test_what_was_published_without_vectors_can_be_gone_back_to() -> None:
    document = with_vectors(sample())
    known = GateContext(on=TODAY, was_published_without_vectors=True)
    assert contract_failures(document, known) == ()


def test_a_vector_without_a_day_is_tried_today() -> None:
    vector = TestVector.model_validate(
        {
            "what": "Until June",
            "identifier": "1234567893",
            "code": "0012345678",
            "expect": "accepted",
            "entry": {"identifier": "1234567893", "code": "0012345678", "ends_on": "2026-06-30"},
        }
    )
    rule = sample().registration
    assert run_vector(rule, vector, today=date(2026, 6, 30)).passed
    assert run_vector(rule, vector, today=date(2026, 7, 1)).outcome == "entry_ended"


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_beside_which_there_is_none_is_refused_at_its_field(day: str) -> None:
    with pytest.raises(ValidationError, match=r"test_vectors\.0\.on"):
        with_vectors(sample(), {**as_they_are(sample())[0], "on": day})


@pytest.mark.parametrize("day", ["2000-01-01", "2199-12-31"])
@pytest.mark.parametrize("standing", ["valid", "expired", "revoked"])
def test_the_first_and_the_last_day_can_be_tried(day: str, standing: str) -> None:
    entry = {"identifier": "1234567893", "issued_code": standing}
    row = {"what": "x", "identifier": "1234567893", "expect": "accepted", "entry": entry}
    vector = TestVector.model_validate({**row, "code": ISSUED_CODE, "on": day})
    rule = sample("acentra-sample").registration
    assert run_vector(rule, vector, today=TODAY).passed == (standing == "valid")
