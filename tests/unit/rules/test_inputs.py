"""The shape of what is typed: told at the field, and saying nothing about the roster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.registration.rules import InputError, InputProblem, ProofFacts, check_input
from tenants.configuration.document import RegistrationSection
from tests.unit.rules.builders import (
    BOTH_FALLBACKS,
    CODE_FALLBACK_ONLY,
    ISSUED,
    ISSUED_CODES,
    KNOWLEDGE,
    MEDICAID_ID,
    NO_FALLBACK,
    NPI,
    PROGRAM_ID,
    registration,
)

RULES = [BOTH_FALLBACKS, CODE_FALLBACK_ONLY, NO_FALLBACK, ISSUED_CODES, KNOWLEDGE]


@pytest.mark.parametrize(
    ("rule", "identifier", "code", "problems"),
    [
        (NO_FALLBACK, NPI, MEDICAID_ID, []),
        (NO_FALLBACK, "1234567890", MEDICAID_ID, [("identifier", InputError.NOT_AN_NPI)]),
        (NO_FALLBACK, "", "", [("identifier", InputError.MISSING), ("code", InputError.MISSING)]),
        (NO_FALLBACK, NPI, "12", [("code", InputError.NOT_A_CODE)]),
        (NO_FALLBACK, NPI, "<b>", [("code", InputError.NOT_LETTERS_AND_DIGITS)]),
        (NO_FALLBACK, "1" * 10_000, MEDICAID_ID, [("identifier", InputError.TOO_LONG)]),
        (
            NO_FALLBACK,
            "Ж234567893",
            MEDICAID_ID,
            [("identifier", InputError.NOT_LETTERS_AND_DIGITS)],
        ),
        (NO_FALLBACK, MEDICAID_ID, MEDICAID_ID, [("identifier", InputError.NOT_AN_NPI)]),
        (CODE_FALLBACK_ONLY, MEDICAID_ID, "00-3810-0041", []),
        (CODE_FALLBACK_ONLY, MEDICAID_ID, "0038100042", [("identifier", InputError.NOT_AN_NPI)]),
        (BOTH_FALLBACKS, NPI, NPI, []),
        (ISSUED_CODES, NPI, "k7qm-2xrt-9b", []),
        (ISSUED_CODES, ISSUED, ISSUED, []),
        (ISSUED_CODES, NPI, "SHORT", [("code", InputError.NOT_A_CODE)]),
        (KNOWLEDGE, NPI, ProofFacts("3/5/2026", "$1"), []),
        (KNOWLEDGE, NPI, ProofFacts(code=ISSUED), []),
        (KNOWLEDGE, NPI, ISSUED, []),
        (
            KNOWLEDGE,
            NPI,
            ProofFacts("soon", "much"),
            [
                ("remittance_on", InputError.NOT_A_DATE),
                ("remittance_amount", InputError.NOT_AN_AMOUNT),
            ],
        ),
        (
            KNOWLEDGE,
            NPI,
            ProofFacts(),
            [("remittance_on", InputError.MISSING), ("remittance_amount", InputError.MISSING)],
        ),
    ],
)
def test_problems(
    rule: RegistrationSection,
    identifier: str,
    code: str | ProofFacts,
    problems: list[tuple[str, InputError]],
) -> None:
    found = check_input(rule, identifier, code)
    assert [(problem.field, problem.error) for problem in found] == problems


@pytest.mark.parametrize("rule", [RULES[0], RULES[1]])
def test_the_npi_in_both_fields_is_a_code_only_where_the_rule_opens_it(
    rule: RegistrationSection,
) -> None:
    letters = registration(
        PROGRAM_ID.model_copy(update={"pattern": "[A-Z]{3}"}), without_code=rule.without_code
    )
    expected = [] if rule is BOTH_FALLBACKS else [InputProblem("code", InputError.NOT_A_CODE)]
    assert check_input(letters, NPI, NPI) == expected


def test_other_identifiers_have_no_check_digit() -> None:
    several = registration(PROGRAM_ID, identifier_types=("npi", "umpi"))
    assert check_input(several, "A123456789", MEDICAID_ID) == []


@given(st.sampled_from(RULES), st.text(), st.text(), st.text(), st.text())
def test_any_text_gets_an_answer(
    rule: RegistrationSection, identifier: str, code: str, day: str, amount: str
) -> None:
    check_input(rule, identifier, code)
    check_input(rule, identifier, ProofFacts(day, amount, code))
