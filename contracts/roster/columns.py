"""The columns of a roster file, and how its header is read."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.formats import date_format

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
    """Return a value of a column as the template of a roster writes it.

    A number that begins with a plus would come out of a spreadsheet as a formula's.
    """
    text = "" if value is None else str(value)
    return format_us_phone(text) if column in _NUMBERS else text


def shown_in(column: str, value: object) -> str:
    """Return a value of a column as people read it: dates by the month's name, amounts in dollars.

    For pages. What is typed anew, and files, have it by `text_in`.
    """
    match value:
        case date():
            return date_format(value, "F j, Y")
        case Decimal():
            return f"${value:,.2f}"
        case _:
            return text_in(column, value)


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
