"""Small builders for the rule tests: a registration section, an entry, an issued code."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from contracts.registration.rules import EntryFacts, IssuedCodeFacts, issued_code_digest
from core.common.identifiers import IdentifierType
from tenants.configuration.document import (
    IssuedCodeRule,
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationRule,
    RegistrationSection,
)

AT = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
ON = date(2026, 3, 5)
ENTRY_ID = UUID(int=1)
NPI = "1234567893"
OTHER_NPI = "1000000004"
MEDICAID_ID = "0038100041"
ISSUED = "K7QM2XRT9B"


def registration(
    rule: RegistrationRule,
    *,
    without_npi: Literal["refuse", "code_in_both"] = "refuse",
    without_code: Literal["refuse", "identifier_in_both"] = "refuse",
    **fields: Any,
) -> RegistrationSection:
    return RegistrationSection(
        before_you_start=("Have both numbers at hand.",),
        code_hint="The code.",
        code_example="1",
        code_help=("Ask the program.",),
        rule=rule,
        without_npi=without_npi,
        without_code=without_code,
        **fields,
    )


PROGRAM_ID = ProgramIdRule(pattern="[0-9]{10}")
# The three programs of the source documents and Virginia, as far as the rule goes.
BOTH_FALLBACKS = registration(
    PROGRAM_ID, without_npi="code_in_both", without_code="identifier_in_both"
)
CODE_FALLBACK_ONLY = registration(PROGRAM_ID, without_npi="code_in_both")
NO_FALLBACK = registration(PROGRAM_ID)
ISSUED_CODES = registration(IssuedCodeRule(), unit="location", without_npi="code_in_both")
ISSUED_CODES_WITH_NPI = registration(IssuedCodeRule(), unit="location")
KNOWLEDGE = registration(KnowledgeProofRule())
KNOWLEDGE_ALONE = registration(KnowledgeProofRule(issued_code_fallback=False))


def entry(**fields: Any) -> EntryFacts:
    defaults: dict[str, Any] = {"id": ENTRY_ID, "identifier": NPI, "code": MEDICAID_ID}
    return EntryFacts(**defaults | fields)


def entry_without_npi(**fields: Any) -> EntryFacts:
    return entry(
        **{"identifier": MEDICAID_ID, "identifier_type": IdentifierType.PROGRAM_ID} | fields
    )


def location(**fields: Any) -> EntryFacts:
    return entry(**{"code": ""} | fields)


def location_without_npi(**fields: Any) -> EntryFacts:
    return location(**{"identifier": "", "identifier_type": IdentifierType.PROGRAM_ID} | fields)


def paid_provider(**fields: Any) -> EntryFacts:
    return location(
        **{"remittance_on": date(2026, 2, 27), "remittance_amount": Decimal("1234.50")} | fields
    )


def issued_code(code: str = ISSUED, **fields: Any) -> IssuedCodeFacts:
    defaults: dict[str, Any] = {
        "id": UUID(int=7),
        "entry_id": ENTRY_ID,
        "digest": issued_code_digest(ENTRY_ID, code, version=1),
        "key_version": 1,
        "expires_at": AT + timedelta(days=1),
        "max_uses": 1,
        "uses": 0,
    }
    return IssuedCodeFacts(**defaults | fields)
