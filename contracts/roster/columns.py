"""The columns of a roster file, and how its header is read."""

import difflib
from collections.abc import Sequence
from typing import Final

from tenants.configuration.document import (
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)

COLUMNS: Final = (
    "identifier",
    "identifier_type",
    "code",
    "name",
    "provider_type",
    "address_1",
    "address_2",
    "city",
    "state",
    "zip",
    "phone",
    "fax",
    "notice_email",
    "remittance_on",
    "remittance_amount",
    "starts_on",
    "ends_on",
)
"""All columns, in the order of the template. A file may have them in any order.

They are the fields of `RosterRow` and the columns of `RosterEntry` that an import writes, too.
"""


def required_columns(registration: RegistrationSection) -> tuple[str, ...]:
    """Return the columns that a contract's roster cannot do without, by its rule and unit."""
    required = {"identifier", "name", "city", "state"}
    if registration.unit == "location":
        required |= {"address_1", "zip"}
    if isinstance(registration.rule, ProgramIdRule):
        required.add("code")
    if isinstance(registration.rule, KnowledgeProofRule):
        required |= set(registration.rule.facts)
    return tuple(column for column in COLUMNS if column in required)


def read_header(cells: Sequence[str], registration: RegistrationSection) -> list[str]:
    """Return the problems of a header row; empty when the file can be read by it.

    A column that is not known is a problem: a mistyped `ends_on` would keep ended providers in.
    """
    names = column_names(cells)
    problems = [
        f"The column {column} is missing."
        for column in required_columns(registration)
        if column not in names
    ]
    problems += [
        f"The column {name} is there twice."
        for name in sorted(set(names))
        if name and names.count(name) > 1
    ]
    problems += [_unknown(name) for name in names if name not in COLUMNS]
    return problems


def column_names(cells: Sequence[str]) -> list[str]:
    """Return the names in a header row, without regard to case and surrounding spaces."""
    return [cell.strip().lower().replace(" ", "_") for cell in cells]


def _unknown(name: str) -> str:
    if not name:
        return "A column has no name."
    near = difflib.get_close_matches(name, COLUMNS, n=1)
    hint = f" Is it {near[0]}?" if near else ""
    return f"The column {name[:40]!r} is not one of a roster.{hint}"
