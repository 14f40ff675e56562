"""The columns of a roster file, and how its header is read."""

from collections.abc import Sequence
from typing import Final

from core.common.phones import format_us_phone
from core.common.tables import header_problems
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

_NUMBERS: Final = ("phone", "fax")


def text_in(column: str, value: object) -> str:
    """Return a value of a column as the template of a roster writes it, and pages show it.

    A number that begins with a plus would come out of a spreadsheet as a formula's.
    """
    text = "" if value is None else str(value)
    return format_us_phone(text) if column in _NUMBERS else text


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

    A column that is not known is one: a mistyped `ends_on` would keep ended providers in.
    """
    required = required_columns(registration)
    return header_problems(cells, known=COLUMNS, required=required, what="a roster")
