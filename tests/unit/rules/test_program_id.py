"""The program_id family: every row of West Virginia's and Mississippi's rules, both directions."""

import pytest

from contracts.registration.rules import EntryFacts, Reason, Way, evaluate
from core.common.identifiers import IdentifierType
from tenants.configuration.document import RegistrationSection
from tests.unit.rules.builders import (
    AT,
    BOTH_FALLBACKS,
    CODE_FALLBACK_ONLY,
    MEDICAID_ID,
    NO_FALLBACK,
    NPI,
    ON,
    OTHER_NPI,
    entry,
    entry_without_npi,
)

FULL = entry()
NO_NPI = entry_without_npi()
NO_CODE = entry(code="")

ACCEPTED = [
    # rule, entry, identifier, code, way
    (BOTH_FALLBACKS, FULL, NPI, MEDICAID_ID, Way.IDENTIFIER_AND_CODE),
    (CODE_FALLBACK_ONLY, FULL, NPI, MEDICAID_ID, Way.IDENTIFIER_AND_CODE),
    (NO_FALLBACK, FULL, NPI, MEDICAID_ID, Way.IDENTIFIER_AND_CODE),
    (NO_FALLBACK, FULL, " 1234-567-893 ", "00 3810.0041", Way.IDENTIFIER_AND_CODE),
    (BOTH_FALLBACKS, NO_NPI, MEDICAID_ID, MEDICAID_ID, Way.CODE_IN_BOTH),
    (CODE_FALLBACK_ONLY, NO_NPI, MEDICAID_ID, MEDICAID_ID, Way.CODE_IN_BOTH),
    (BOTH_FALLBACKS, NO_CODE, NPI, NPI, Way.IDENTIFIER_IN_BOTH),
    (
        BOTH_FALLBACKS,
        entry(identifier="A123456789", identifier_type=IdentifierType.UMPI, code=""),
        "a123456789",
        "A123456789",
        Way.IDENTIFIER_IN_BOTH,
    ),
    (NO_FALLBACK, entry(code="AB12"), NPI, "ab-12", Way.IDENTIFIER_AND_CODE),
]

REFUSED = [
    # rule, entry, identifier, code, reason
    (BOTH_FALLBACKS, None, NPI, MEDICAID_ID, Reason.NO_ENTRY),
    (BOTH_FALLBACKS, FULL, OTHER_NPI, MEDICAID_ID, Reason.WRONG_IDENTIFIER),
    (BOTH_FALLBACKS, FULL, NPI, "0038100042", Reason.WRONG_CODE),
    (BOTH_FALLBACKS, FULL, NPI, "38100041", Reason.WRONG_CODE),
    (BOTH_FALLBACKS, FULL, NPI, "", Reason.NOTHING_TYPED),
    (BOTH_FALLBACKS, FULL, "", MEDICAID_ID, Reason.NOTHING_TYPED),
    (BOTH_FALLBACKS, FULL, MEDICAID_ID, NPI, Reason.WRONG_IDENTIFIER),
    # The NPI in both fields where the roster has a program number.
    (BOTH_FALLBACKS, FULL, NPI, NPI, Reason.FALLBACK_NOT_OPEN),
    # The program number in both fields where the roster has an NPI.
    (BOTH_FALLBACKS, FULL, MEDICAID_ID, MEDICAID_ID, Reason.WRONG_IDENTIFIER),
    # A provider without an NPI, but with somebody's number in the first field.
    (BOTH_FALLBACKS, NO_NPI, NPI, MEDICAID_ID, Reason.WRONG_IDENTIFIER),
    (BOTH_FALLBACKS, NO_NPI, MEDICAID_ID, NPI, Reason.WRONG_CODE),
    (BOTH_FALLBACKS, NO_NPI, NPI, NPI, Reason.WRONG_IDENTIFIER),
    # A provider without a program number, but with some number in the second field.
    (BOTH_FALLBACKS, NO_CODE, NPI, MEDICAID_ID, Reason.WRONG_CODE),
    (BOTH_FALLBACKS, NO_CODE, NPI, "", Reason.NOTHING_TYPED),
    (BOTH_FALLBACKS, NO_CODE, OTHER_NPI, OTHER_NPI, Reason.WRONG_IDENTIFIER),
    # Ways that the contract's rule does not open.
    (CODE_FALLBACK_ONLY, NO_CODE, NPI, NPI, Reason.FALLBACK_NOT_OPEN),
    (NO_FALLBACK, NO_CODE, NPI, NPI, Reason.FALLBACK_NOT_OPEN),
    (NO_FALLBACK, NO_NPI, MEDICAID_ID, MEDICAID_ID, Reason.FALLBACK_NOT_OPEN),
    # An entry that has neither.
    (BOTH_FALLBACKS, entry(identifier="", code=""), "", "", Reason.NOTHING_TYPED),
    (BOTH_FALLBACKS, entry(identifier="", code=""), NPI, NPI, Reason.FALLBACK_NOT_OPEN),
    (BOTH_FALLBACKS, entry_without_npi(identifier="", code=""), "-", "-", Reason.NOTHING_TYPED),
    # Input that is no number at all.
    (BOTH_FALLBACKS, FULL, "Ж" * 10, "\x00", Reason.NOTHING_TYPED),
    (BOTH_FALLBACKS, FULL, NPI, "é" * 10_000, Reason.WRONG_CODE),
]


@pytest.mark.parametrize(("rule", "subject", "identifier", "code", "way"), ACCEPTED)
def test_accepted(
    rule: RegistrationSection, subject: EntryFacts, identifier: str, code: str, way: Way
) -> None:
    decision = evaluate(rule=rule, identifier=identifier, code=code, entry=subject, on=ON, at=AT)
    assert decision.reason is Reason.ACCEPTED
    assert decision.accepted
    assert decision.way is way
    assert decision.issued_code_id is None
    assert all(step.passed for step in decision.steps)


@pytest.mark.parametrize(("rule", "subject", "identifier", "code", "reason"), REFUSED)
def test_refused(
    rule: RegistrationSection,
    subject: EntryFacts | None,
    identifier: str,
    code: str,
    reason: Reason,
) -> None:
    decision = evaluate(rule=rule, identifier=identifier, code=code, entry=subject, on=ON, at=AT)
    assert decision.reason is reason
    assert not decision.accepted
    assert decision.way is None
    assert not all(step.passed for step in decision.steps)


def test_the_steps_hold_nothing_that_was_typed() -> None:
    decision = evaluate(
        rule=BOTH_FALLBACKS, identifier=NPI, code="0099999999", entry=FULL, on=ON, at=AT
    )
    notes = " ".join(step.note for step in decision.steps)
    assert NPI not in notes
    assert "0099999999" not in notes
    assert MEDICAID_ID not in notes


def test_every_check_runs_for_an_unknown_entry_as_for_a_known_one() -> None:
    known = evaluate(rule=BOTH_FALLBACKS, identifier=NPI, code="1", entry=FULL, on=ON, at=AT)
    unknown = evaluate(rule=BOTH_FALLBACKS, identifier=NPI, code="1", entry=None, on=ON, at=AT)
    assert [step.check for step in known.steps] == [step.check for step in unknown.steps]
