"""The roster file that one starts from."""

import io
from collections.abc import Iterator

from contracts.roster.columns import COLUMNS
from core.common.tables import write_sheet
from tenants.configuration.document import KnowledgeProofRule, RegistrationSection


def template(registration: RegistrationSection, *, state: str) -> str:
    """Return a roster with a header and a row for each case that the contract's rule knows.

    `state` is the two letters of the contract's state, for the example addresses.
    """
    text = io.StringIO()
    rows = [row | {"state": state} for row in _examples(registration)]
    write_sheet(text, [COLUMNS])
    write_sheet(text, ([row.get(column, "") for column in COLUMNS] for row in rows))
    return text.getvalue()


def _examples(registration: RegistrationSection) -> Iterator[dict[str, str]]:
    full = {
        "identifier": "1234567893",
        "identifier_type": registration.identifier_types[0],
        "name": "Example Clinic",
        "provider_type": "Clinic",
        "address_1": "100 Main Street",
        "city": "Exampleville",
        "zip": "25999",
        "phone": "304-555-0100",
        "fax": "304-555-0101",
        "notice_email": "office@example.org",
        "starts_on": "2026-01-01",
    }
    program_code = registration.rule.family == "program_id"
    code = registration.code_example if program_code else ""
    paid: dict[str, str] = {}
    if isinstance(registration.rule, KnowledgeProofRule):
        examples = {"remittance_on": "2026-02-27", "remittance_amount": "1234.50"}
        paid = {fact: examples[fact] for fact in registration.rule.facts}
    yield full | {"code": code} | paid
    if registration.unit == "location":
        yield full | {"name": "Example Clinic, second location", "address_1": "400 Station Avenue"}
    if registration.without_npi == "code_in_both":
        named = {"identifier": "", "identifier_type": "program_id", "name": "No NPI Clinic"}
        yield full | named | {"code": code}
    if registration.without_code == "identifier_in_both":
        yield full | {"identifier": "1000000004", "name": "No Program Number Clinic"}
