"""Texts of a new contract that nobody has written yet: still those of the starter."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Final

from tenants.configuration.diff import flatten
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import to_json
from tenants.configuration.starter import starter_contract

_TO_WRITE: Final = (
    "contract.name",
    "contract.program",
    "contract.agency",
    "brand.organization",
    "brand.logo_text",
    "brand.sender_name",
    "brand.sender_address",
)
_PARTS_TO_WRITE: Final = (".phone", ".email", ".party.legal_name", ".party.address", ".text[0]")
"""Of support contacts and terms. The other texts of the starter suit any program."""


def sample_fields(document: ContractDocument) -> Sequence[str]:
    """Return the fields in which a document still says what the starter says."""
    samples = _samples()
    said = flatten(to_json(document))
    return [field for field, value in said.items() if _is_to_write(field) and value in samples]


def _is_to_write(field: str) -> bool:
    if field.startswith(("support[", "terms[")):
        return field.endswith(_PARTS_TO_WRITE)
    return field in _TO_WRITE


@cache
def _samples() -> frozenset[str]:
    said = flatten(to_json(starter_contract("a-sample", on=date(2026, 1, 1))))
    return frozenset(str(value) for field, value in said.items() if _is_to_write(field))
