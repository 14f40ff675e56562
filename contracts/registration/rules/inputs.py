"""Whether typed values have the shape that the contract's rule asks for.

These are the only things a registrant is told about identifier and code, at the field: they say
what any identifier or code looks like, and nothing about the roster.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from contracts.registration.rules.codes import MIN_LENGTH
from contracts.registration.rules.facts import ProofFacts
from contracts.registration.rules.proofs import parse_amount, parse_date
from core.common.identifiers import normalize, npi_is_valid
from tenants.configuration.document import (
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)

LONGEST_TYPED = 64
_LONGEST_ISSUED = 32
_SIGNS = re.compile(r"[0-9A-Z]+")

InputField = Literal["identifier", "code", "remittance_on", "remittance_amount"]


class InputError(StrEnum):
    """What is wrong with the shape of a value."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NOT_LETTERS_AND_DIGITS = "not_letters_and_digits"
    NOT_AN_NPI = "not_an_npi"
    NOT_A_CODE = "not_a_code"
    NOT_A_DATE = "not_a_date"
    NOT_AN_AMOUNT = "not_an_amount"


@dataclass(frozen=True)
class InputProblem:
    """A field and what is wrong with it."""

    field: InputField
    error: InputError


def check_input(
    registration: RegistrationSection, identifier: str, code: str | ProofFacts
) -> list[InputProblem]:
    """Return the problems of shape, in the order of the fields; empty when all is well."""
    typed_code = code.code if isinstance(code, ProofFacts) else code
    problems = _check_identifier(registration, identifier, typed_code)
    if isinstance(code, ProofFacts) and not typed_code.strip():
        return problems + _check_facts(registration, code)
    return problems + _check_code(registration, identifier, typed_code)


def _check_identifier(
    registration: RegistrationSection, identifier: str, code: str
) -> list[InputProblem]:
    error = _shape_error(identifier)
    if error is None and _must_be_npi(registration, identifier, code):
        error = None if npi_is_valid(identifier) else InputError.NOT_AN_NPI
    return [InputProblem("identifier", error)] if error else []


def _must_be_npi(registration: RegistrationSection, identifier: str, code: str) -> bool:
    if not registration.check_npi or set(registration.identifier_types) != {"npi"}:
        return False
    in_both = normalize(identifier) == normalize(code)
    return not (in_both and registration.without_npi == "code_in_both")


def _check_code(
    registration: RegistrationSection, identifier: str, code: str
) -> list[InputProblem]:
    error = _shape_error(code)
    if error is None and not _looks_like_code(registration, identifier, normalize(code)):
        error = InputError.NOT_A_CODE
    return [InputProblem("code", error)] if error else []


def _looks_like_code(registration: RegistrationSection, identifier: str, code: str) -> bool:
    rule = registration.rule
    if not isinstance(rule, ProgramIdRule):
        # The length of codes may change while older ones are about: any length they can have.
        return MIN_LENGTH <= len(code) <= _LONGEST_ISSUED
    if re.fullmatch(rule.pattern, code):
        return True
    in_both = registration.without_code == "identifier_in_both" and code == normalize(identifier)
    return in_both and (not registration.check_npi or npi_is_valid(code))


def _check_facts(registration: RegistrationSection, facts: ProofFacts) -> list[InputProblem]:
    rule = registration.rule
    wanted = rule.facts if isinstance(rule, KnowledgeProofRule) else ()
    problems = []
    if "remittance_on" in wanted and (error := _date_error(facts.remittance_on)):
        problems.append(InputProblem("remittance_on", error))
    if "remittance_amount" in wanted and (error := _amount_error(facts.remittance_amount)):
        problems.append(InputProblem("remittance_amount", error))
    return problems


def _shape_error(typed: str) -> InputError | None:
    plain = normalize(typed)
    if not plain:
        return InputError.MISSING
    if len(plain) > LONGEST_TYPED:
        return InputError.TOO_LONG
    return None if _SIGNS.fullmatch(plain) else InputError.NOT_LETTERS_AND_DIGITS


def _date_error(typed: str) -> InputError | None:
    if not typed.strip():
        return InputError.MISSING
    return None if parse_date(typed) else InputError.NOT_A_DATE


def _amount_error(typed: str) -> InputError | None:
    if not typed.strip():
        return InputError.MISSING
    return None if parse_amount(typed) is not None else InputError.NOT_AN_AMOUNT
