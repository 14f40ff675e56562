"""Codes that nobody can foresee: enough bits, from the source that the system gives."""

import math
import random

import pytest
from pydantic import ValidationError

from contracts.registration.rules import codes, new_issued_code
from core.common.crypto import new_numeric_code
from core.common.tokens import new_token
from tenants.configuration.document import IssuedCodeRule, KnowledgeProofRule
from tests.support.naive import fails_with

BITS = 40


def drawn() -> list[str]:
    random.seed(2026)
    numbers = [new_numeric_code() for _ in range(8)]
    return [*numbers, new_issued_code(10), new_token("a purpose").token]


def cannot_be_foreseen() -> None:
    first, second = drawn(), drawn()
    assert first[:8] != second[:8]
    assert set(first[8:]).isdisjoint(second[8:])


def test_knowing_the_state_of_pythons_own_source_tells_nothing() -> None:
    cannot_be_foreseen()
    assert all(len(code) == 6 and code.isdecimal() for code in drawn()[:8])


def test_pythons_own_source_would_be_foreseen() -> None:
    """The naive way: `random` looks as good, and says the same after the same seed."""
    fails_with(
        "core.common.crypto.secrets.randbelow",
        random.randrange,
        cannot_be_foreseen,
        where="assert first[:8] != second[:8]",
    )
    fails_with(
        "contracts.registration.rules.codes.secrets.choice",
        random.choice,
        cannot_be_foreseen,
        where="assert set(first[8:]).isdisjoint",
    )


@pytest.mark.parametrize("rule", [IssuedCodeRule, KnowledgeProofRule])
def test_no_document_makes_an_issued_code_shorter_than_forty_bits(
    rule: type[IssuedCodeRule | KnowledgeProofRule],
) -> None:
    accepted = []
    for length in range(1, 33):
        try:
            accepted.append(rule(length=length).length)
        except ValidationError:
            with_less = length * math.log2(len(set(codes.ALPHABET)))
            assert with_less < BITS, length
    assert min(accepted) * math.log2(len(set(codes.ALPHABET))) >= BITS
    with pytest.raises(ValueError, match="at least"):
        new_issued_code(min(accepted) - 1)


@pytest.mark.parametrize(
    ("replaced", "naive", "where"),
    [("ALPHABET", "0123456789", ">= BITS"), ("MIN_LENGTH", 6, "with pytest.raises(ValueError")],
)
def test_a_code_that_is_easy_to_type_would_be_too_short(
    replaced: str, naive: object, where: str
) -> None:
    """The naive way: digits, or six signs, as one-time codes have."""
    fails_with(
        f"contracts.registration.rules.codes.{replaced}",
        naive,
        lambda: test_no_document_makes_an_issued_code_shorter_than_forty_bits(IssuedCodeRule),
        where=where,
    )
