"""Documents for tests: the sample programs, and small changes to them."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from contracts.registration.rules import run_vector
from tenants.configuration.document import ContractDocument, RegistrationSection
from tenants.configuration.loading import load_contract
from tenants.configuration.vectors import ISSUED_CODE, TestVector

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = sorted((ROOT / "contracts" / "programs").glob("*.toml"))
DEPLOYMENT = ROOT / "config" / "deployment.toml"


@cache
def sample(slug: str = "wv-bh") -> ContractDocument:
    return load_contract(ROOT / "contracts" / "programs" / f"{slug}.toml")


def changed(document: ContractDocument, **fields: Any) -> ContractDocument:
    """Return the document with fields set by dotted name, with `__` for the dot.

    Where the test vectors do not suit the rule any more, two take their place that suit any rule.
    """
    data = document.model_dump(mode="json")
    for name, value in fields.items():
        *sections, last = name.split("__")
        target = data
        for section in sections:
            target = target[section]
        target[last] = value
    document = ContractDocument.model_validate(data)
    rule, day = document.registration, date(2026, 11, 22)
    if "registration__test_vectors" in fields:
        return document
    if all(run_vector(rule, one, today=day).passed for one in rule.test_vectors):
        return document
    return _with_vectors(document)


def _with_vectors(document: ContractDocument) -> ContractDocument:
    registration = document.registration
    vectors = tuple(vectors_of(registration))
    return document.model_copy(
        update={"registration": registration.model_copy(update={"test_vectors": vectors})}
    )


def vectors_of(registration: RegistrationSection) -> list[TestVector]:
    """Return what a rule accepts, made of the section's own examples, and what it refuses."""
    typed: dict[str, str]
    entry: dict[str, str] = {"identifier": registration.identifier_example}
    if registration.provider_types:
        entry["provider_type"] = registration.provider_types[0]
    match registration.rule.family:
        case "program_id":
            typed = {"code": registration.code_example}
            entry |= {"code": registration.code_example}
        case "issued_code":
            typed = {"code": ISSUED_CODE}
            entry |= {"issued_code": "valid"}
        case "knowledge_proof":
            typed = {"remittance_on": "2026-03-05", "remittance_amount": "10.00"}
            entry |= typed
    typed["identifier"] = registration.identifier_example
    return [
        TestVector.model_validate({"what": "Known", **typed, "expect": "accepted", "entry": entry}),
        TestVector.model_validate({"what": "Unknown", **typed, "expect": "no_entry"}),
    ]
