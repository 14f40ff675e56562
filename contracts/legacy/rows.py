"""One row of a file of current portal users: read, or refused with reasons. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.accounts.passwords.imported_hashes import HashRefusedError, read_hash
from core.common.identifiers import normalize
from core.common.phones import PhoneNumberError, parse_us_phone
from core.common.tables import Rejection, header_problems
from core.groups.models import Role

REQUIRED: Final = (
    "username",
    "first_name",
    "last_name",
    "email",
    "identifier",
    "contract",
    "role",
)
COLUMNS: Final = (*REQUIRED, "password_hash", "phone", "group_name", "address_1")
"""All columns; a file may have them in any order, and leave out the last four."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_USERNAME: Final = re.compile(r"[^\s]{1,60}")
_FORMULA: Final = ("=", "@", "\t", "+", "-")
_LONGEST: Final = {
    "username": 60,
    "email": 254,
    "password_hash": 256,
    "group_name": 200,
    "address_1": 200,
}
_LONGEST_OTHER: Final = 80
_MAY_BEGIN_ODDLY: Final = frozenset({"phone", "password_hash"})
NO_ROLES: Final[Mapping[str, Collection[str]]] = {}


@dataclass(frozen=True, kw_only=True)
class LegacyRow:
    """A row that passed every check that it can be held against alone."""

    number: int
    username: str
    password_hash: str
    first_name: str
    last_name: str
    email: str
    phone: str
    identifier: str
    contract: str
    role: str
    group_name: str = ""
    address_1: str = ""

    @property
    def name_key(self) -> str:
        """The username as it is compared: without case."""
        return self.username.lower()


@dataclass
class _Reading:
    number: int
    cells: Mapping[str, str]
    rejections: list[Rejection] = field(default_factory=list)

    def text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    def refuse(self, column: str, reason: str) -> None:
        self.rejections.append(Rejection(self.number, column, reason))


def check_header(cells: Sequence[str]) -> list[str]:
    """Return the problems of a header row; empty when the file can be read by it."""
    return header_problems(
        cells, known=COLUMNS, required=REQUIRED, what="a file of current portal users"
    )


def read_row(
    number: int, cells: Mapping[str, str], added: Mapping[str, Collection[str]] = NO_ROLES
) -> LegacyRow | list[Rejection]:
    """Return the row as it is taken, or every reason against it.

    `added` are the keys of the roles that contracts add to the documented ones, by short name.
    """
    reading = _Reading(number, cells)
    _check_text(reading)
    if reading.rejections:
        return reading.rejections
    row = LegacyRow(
        number=number,
        username=_username(reading),
        password_hash=_hash(reading),
        first_name=_required(reading, "first_name"),
        last_name=_required(reading, "last_name"),
        email=_email(reading),
        phone=_phone(reading),
        identifier=_identifier(reading),
        contract=_required(reading, "contract").lower(),
        role=_role(reading, added),
        group_name=reading.text("group_name"),
        address_1=reading.text("address_1"),
    )
    return reading.rejections or row


def _check_text(reading: _Reading) -> None:
    for column, value in reading.cells.items():
        text = value.strip()
        if _CONTROL.search(text):
            reading.refuse(column, "The value has a line break or another control character.")
        elif len(text) > _LONGEST.get(column, _LONGEST_OTHER):
            reading.refuse(column, "The value is too long.")
        elif text.startswith(_FORMULA) and column not in _MAY_BEGIN_ODDLY:
            reading.refuse(column, "The value begins as a spreadsheet's formula does.")


def _required(reading: _Reading, column: str) -> str:
    value = reading.text(column)
    if not value:
        reading.refuse(column, "The value is missing.")
    return value


def _username(reading: _Reading) -> str:
    username = _required(reading, "username")
    if username and not (_USERNAME.fullmatch(username) and username.isprintable()):
        reading.refuse("username", "A username has no spaces and no unprintable characters.")
    return username


def _hash(reading: _Reading) -> str:
    text = reading.text("password_hash")
    if text:
        try:
            read_hash(text)
        except HashRefusedError as error:
            reading.refuse("password_hash", str(error))
    return text


def _email(reading: _Reading) -> str:
    email = _required(reading, "email").lower()
    if email:
        try:
            validate_email(email)
        except ValidationError:
            reading.refuse("email", "This is not an e-mail address.")
    return email


def _phone(reading: _Reading) -> str:
    typed = reading.text("phone")
    if not typed:
        return ""
    try:
        return parse_us_phone(typed)
    except PhoneNumberError:
        reading.refuse("phone", "This is not a ten-digit United States number.")
        return ""


def _identifier(reading: _Reading) -> str:
    return normalize(_required(reading, "identifier"))


def _role(reading: _Reading, added: Mapping[str, Collection[str]]) -> str:
    typed = _required(reading, "role").lower()
    known = [*Role.values, *added.get(reading.text("contract").lower(), ())]
    if typed and typed not in known:
        reading.refuse("role", f"The role is not one of {', '.join(known)}.")
    return typed
