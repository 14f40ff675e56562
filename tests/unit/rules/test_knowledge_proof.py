"""The knowledge_proof family (Virginia): facts of the latest payment, or an issued code."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.registration.rules import (
    EntryFacts,
    ProofFacts,
    Reason,
    Way,
    evaluate,
    parse_amount,
    parse_date,
)
from tenants.configuration.document import KnowledgeProofRule, RegistrationSection
from tests.unit.rules.builders import (
    AT,
    ISSUED,
    KNOWLEDGE,
    KNOWLEDGE_ALONE,
    NPI,
    ON,
    OTHER_NPI,
    issued_code,
    location,
    paid_provider,
    registration,
)

PAID = paid_provider()
NEW = location()
DATE_ONLY = registration(KnowledgeProofRule(facts=("remittance_on",)))


@pytest.mark.parametrize(
    ("rule", "subject", "identifier", "proof", "reason"),
    [
        (KNOWLEDGE, PAID, NPI, ProofFacts("2026-02-27", "1234.50"), Reason.ACCEPTED),
        (KNOWLEDGE, PAID, NPI, ProofFacts("2/27/2026", "$1,234.50"), Reason.ACCEPTED),
        (KNOWLEDGE, PAID, NPI, ProofFacts("02-27-26", "1234.5"), Reason.ACCEPTED),
        (KNOWLEDGE, PAID, OTHER_NPI, ProofFacts("2026-02-27", "1234.50"), Reason.WRONG_IDENTIFIER),
        (KNOWLEDGE, PAID, NPI, ProofFacts("2026-02-26", "1234.50"), Reason.WRONG_FACTS),
        (KNOWLEDGE, PAID, NPI, ProofFacts("27/2/2026", "1234.50"), Reason.WRONG_FACTS),
        (KNOWLEDGE, PAID, NPI, ProofFacts("2026-02-27", "1234.51"), Reason.WRONG_FACTS),
        (KNOWLEDGE, PAID, NPI, ProofFacts("2026-02-27", ""), Reason.WRONG_FACTS),
        (KNOWLEDGE, PAID, NPI, ProofFacts("", "1234.50"), Reason.WRONG_FACTS),
        (KNOWLEDGE, PAID, NPI, ProofFacts("", ""), Reason.NOTHING_TYPED),
        (KNOWLEDGE, None, NPI, ProofFacts("2026-02-27", "1234.50"), Reason.NO_ENTRY),
        (KNOWLEDGE, NEW, NPI, ProofFacts("2026-02-27", "1234.50"), Reason.FACTS_NOT_ON_FILE),
        (
            KNOWLEDGE,
            paid_provider(remittance_amount=None),
            NPI,
            ProofFacts("2026-02-27", "0.00"),
            Reason.FACTS_NOT_ON_FILE,
        ),
        (DATE_ONLY, PAID, NPI, ProofFacts("2026-02-27", ""), Reason.ACCEPTED),
        (DATE_ONLY, PAID, NPI, ProofFacts("", "1234.50"), Reason.WRONG_FACTS),
    ],
)
def test_facts(
    rule: RegistrationSection,
    subject: EntryFacts | None,
    identifier: str,
    proof: ProofFacts,
    reason: Reason,
) -> None:
    decision = evaluate(rule=rule, identifier=identifier, code=proof, entry=subject, on=ON, at=AT)
    assert decision.reason is reason
    assert decision.way is (Way.KNOWLEDGE_PROOF if decision.accepted else None)


@pytest.mark.parametrize(
    ("rule", "code", "reason"),
    [
        (KNOWLEDGE, ISSUED, Reason.ACCEPTED),
        (KNOWLEDGE, ProofFacts(code=ISSUED), Reason.ACCEPTED),
        (KNOWLEDGE, ProofFacts(" ", " ", code=ISSUED), Reason.ACCEPTED),
        (KNOWLEDGE, "K7QM2XRT9C", Reason.WRONG_CODE),
        # Facts that were typed are looked at; a code beside them does not save them.
        (KNOWLEDGE, ProofFacts("2026-02-27", "1.00", code=ISSUED), Reason.FACTS_NOT_ON_FILE),
        (KNOWLEDGE_ALONE, ISSUED, Reason.FALLBACK_NOT_OPEN),
        (KNOWLEDGE_ALONE, ProofFacts(code=ISSUED), Reason.FALLBACK_NOT_OPEN),
    ],
)
def test_a_new_provider_uses_an_issued_code(
    rule: RegistrationSection, code: str | ProofFacts, reason: Reason
) -> None:
    decision = evaluate(
        rule=rule, identifier=NPI, code=code, entry=NEW, codes=[issued_code()], on=ON, at=AT
    )
    assert decision.reason is reason
    assert decision.way is (Way.ISSUED_CODE if decision.accepted else None)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.5", "1234.50"),
        ("$1,234.50", "1234.50"),
        (" $ 1234.50 ", "1234.50"),
        ("1,234,567", "1234567.00"),
        ("1234.", "1234.00"),
        ("0", "0.00"),
        ("007.10", "7.10"),
    ],
)
def test_amounts(typed: str, amount: str) -> None:
    assert parse_amount(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    ["", "-5", "1.234,50", "12,34.50", "1234.505", "1e3", "NaN", "$", "١٢", "9" * 10_000, "1 234"],
)
def test_not_amounts(typed: str) -> None:
    assert parse_amount(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "2026-03-05",
        "2026/3/5",
        "3/5/2026",
        "03/05/2026",
        "3-5-2026",
        "3.5.2026",
        "3/5/26",
        " 3/5/26 ",
    ],
)
def test_dates(typed: str) -> None:
    assert parse_date(typed) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "typed",
    ["", "13/5/2026", "2026-02-30", "3/5", "20260305", "٣/٥/٢٠٢٦", "0000-01-01", "3" * 10_000],
)
def test_not_dates(typed: str) -> None:
    assert parse_date(typed) is None
