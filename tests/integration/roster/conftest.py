"""Roster files for the tests, and contracts whose rule differs in one thing."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.roster.columns import COLUMNS
from contracts.roster.services.imports import ImportReport, import_roster
from tenants import registry
from tenants.context import ActiveContract, contract_context

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)

Row = dict[str, str]
WriteRoster = Callable[[list[Row]], Path]

CLINIC: Row = {
    "identifier": "1234567893",
    "code": "0012345678",
    "name": "Cedar Hollow Clinic",
    "address_1": "1 Main Street",
    "city": "Cedar Hollow",
    "state": "WV",
    "zip": "25999",
}
NO_NPI: Row = CLINIC | {"identifier": "", "code": "0090000012", "name": "Fern Gap House"}
NO_CODE: Row = CLINIC | {"identifier": "1000000012", "code": "", "name": "Rowan Hill Services"}
LOCATION: Row = CLINIC | {"code": "K7QM2XRT9B"}
SECOND_LOCATION: Row = LOCATION | {"code": "W4HD8NPC3Z", "address_1": "400 Station Avenue"}
NAMELESS_LOCATION: Row = LOCATION | {"identifier": "", "code": "R6TJ2VYG5M", "name": "Lantern"}


@pytest.fixture
def write_roster(tmp_path: Path) -> WriteRoster:
    """Return a function that writes rows to a roster file."""

    def write(rows: list[Row]) -> Path:
        path = tmp_path / "roster.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def in_contract_a(contract_a: ActiveContract) -> Iterator[ActiveContract]:
    """Work in the contract of the program numbers."""
    with contract_context(contract_a):
        yield contract_a


@pytest.fixture
def in_contract_b(contract_b: ActiveContract) -> Iterator[ActiveContract]:
    """Work in the contract of the locations and issued codes."""
    with contract_context(contract_b):
        yield contract_b


@pytest.fixture
def knowledge_contract(db: None) -> ActiveContract:
    """Return the contract that asks for facts of a payment."""
    return registry.get_contract("va-dmas")


def take(path: Path, **options: Any) -> ImportReport:
    """Import a file as nobody in particular, at the tests' moment unless another is given."""
    return import_roster(path=path, **{"by": None, "at": AT} | options)


def with_registration(contract: ActiveContract, **fields: Any) -> ActiveContract:
    """Return the contract as if its document had other registration fields."""
    registration = contract.document.registration.model_copy(update=fields)
    document = contract.document.model_copy(update={"registration": registration})
    return replace(contract, document=document)
