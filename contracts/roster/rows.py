"""One row of a roster file: read, checked against the contract's rule, or refused with reasons."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from contracts.registration.rules import is_issued_code, parse_amount, parse_date
from core.common.identifiers import IdentifierType, normalize, npi_is_valid
from core.common.phones import PhoneNumberError, parse_us_phone
from core.common.tables import Rejection, as_was
from tenants.configuration.document import (
    IssuedCodeRule,
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)
from tenants.configuration.values import US_STATES

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SIGNS = re.compile(r"[0-9A-Z]{1,64}")
_ZIP = re.compile(r"([0-9]{5})(?:-?([0-9]{4}))?")
_LONGEST: Final = {
    "name": 200,
    "provider_type": 100,
    "address_1": 200,
    "address_2": 200,
    "city": 100,
    "notice_email": 254,
}
_LONGEST_OTHER: Final = 80
_LONGEST_AMOUNT: Final = Decimal(10) ** 12


@dataclass(frozen=True, kw_only=True)
class RosterRow:
    """A row that passed every check, in the form in which it is stored."""

    unit_key: str
    identifier: str
    identifier_type: IdentifierType
    code: str
    name: str
    provider_type: str
    address_1: str
    address_2: str
    city: str
    state: str
    zip: str
    phone: str
    fax: str
    notice_email: str
    remittance_on: date | None
    remittance_amount: Decimal | None
    starts_on: date | None
    ends_on: date | None
    initial_code: str = ""
    """A code that was already given to the provider; it is hashed at once and never stored."""


@dataclass
class _Reading:
    """One row on its way through the checks."""

    registration: RegistrationSection
    number: int
    cells: Mapping[str, str]
    rejections: list[Rejection] = field(default_factory=list)

    def text(self, column: str) -> str:
        return as_was(self.cells.get(column, "").strip())

    def refuse(self, column: str, reason: str) -> None:
        self.rejections.append(Rejection(self.number, column, reason))


def read_row(
    registration: RegistrationSection, number: int, cells: Mapping[str, str]
) -> RosterRow | list[Rejection]:
    """Return the row as it is stored, or every reason against it."""
    reading = _Reading(registration, number, cells)
    _check_text(reading)
    if reading.rejections:
        # Control characters and endless values would only bring further, confusing reasons.
        return reading.rejections
    row = _read(reading)
    return reading.rejections or row


def allowed_types(registration: RegistrationSection) -> tuple[IdentifierType, ...]:
    """Return the identifier types that a contract's roster may have."""
    types = [IdentifierType(kind) for kind in registration.identifier_types]
    if registration.without_npi == "code_in_both" and IdentifierType.PROGRAM_ID not in types:
        types.append(IdentifierType.PROGRAM_ID)
    return tuple(types)


def code_is_valid(registration: RegistrationSection, code: str) -> bool:
    """Tell whether a normalized value could be a code under the contract's rule."""
    match registration.rule:
        case ProgramIdRule(pattern=pattern):
            return bool(re.fullmatch(pattern, code)) and bool(_SIGNS.fullmatch(code))
        case IssuedCodeRule(length=length):
            return is_issued_code(code, length=length)
        case KnowledgeProofRule(issued_code_fallback=fallback, length=length):
            return fallback and is_issued_code(code, length=length)


def _read(reading: _Reading) -> RosterRow:
    code = _read_code(reading)
    kind, identifier = _read_identifier(reading, code)
    starts_on, ends_on = _read_date(reading, "starts_on"), _read_date(reading, "ends_on")
    if starts_on and ends_on and ends_on < starts_on:
        reading.refuse("ends_on", "The entry ends before it starts.")
    remittance_on, amount = _read_payment(reading)
    issues_codes = not isinstance(reading.registration.rule, ProgramIdRule)
    return RosterRow(
        unit_key=_unit_key(reading, identifier),
        identifier=identifier,
        identifier_type=kind,
        code="" if issues_codes else code,
        name=_required(reading, "name"),
        provider_type=reading.text("provider_type"),
        address_1=_required_for_locations(reading, "address_1"),
        address_2=reading.text("address_2"),
        city=_required(reading, "city"),
        state=_read_state(reading),
        zip=_read_zip(reading),
        phone=_read_phone(reading, "phone"),
        fax=_read_phone(reading, "fax"),
        notice_email=_read_email(reading),
        remittance_on=remittance_on,
        remittance_amount=amount,
        starts_on=starts_on,
        ends_on=ends_on,
        initial_code=code if issues_codes else "",
    )


def _check_text(reading: _Reading) -> None:
    for column, value in reading.cells.items():
        if _CONTROL.search(value.strip()):
            reading.refuse(column, "The value has a line break or another control character.")
        elif len(value.strip()) > _LONGEST.get(column, _LONGEST_OTHER):
            reading.refuse(column, "The value is too long.")


def _read_code(reading: _Reading) -> str:
    registration, code = reading.registration, normalize(reading.text("code"))
    if code:
        if not code_is_valid(registration, code):
            reading.refuse("code", "The code does not have the form that the contract asks for.")
        return code
    if isinstance(registration.rule, ProgramIdRule) and registration.without_code == "refuse":
        reading.refuse("code", "The code is empty, and the contract's rule has no way without one.")
    return code


def _read_identifier(reading: _Reading, code: str) -> tuple[IdentifierType, str]:
    identifier = normalize(reading.text("identifier"))
    kind = _read_type(reading, identifier)
    if kind is IdentifierType.PROGRAM_ID:
        return kind, _program_identifier(reading, identifier, code)
    if not identifier:
        reading.refuse("identifier", "The identifier is empty.")
    elif kind is IdentifierType.NPI and reading.registration.check_npi:
        if not npi_is_valid(identifier):
            reading.refuse("identifier", "This is not an NPI: its check digit or form is wrong.")
    elif not _SIGNS.fullmatch(identifier):
        reading.refuse("identifier", "The identifier has more than letters and digits.")
    if identifier and identifier == code:
        reading.refuse("code", "The code repeats the identifier: leave it empty if there is none.")
    return kind, identifier


def _read_type(reading: _Reading, identifier: str) -> IdentifierType:
    allowed = allowed_types(reading.registration)
    named = reading.text("identifier_type").lower()
    if not named:
        unnamed = IdentifierType.PROGRAM_ID if not identifier else allowed[0]
        return unnamed if unnamed in allowed else allowed[0]
    if named not in allowed:
        reading.refuse("identifier_type", f"The type is not one of {', '.join(allowed)}.")
        return allowed[0]
    return IdentifierType(named)


def _program_identifier(reading: _Reading, identifier: str, code: str) -> str:
    """Return the identifier of a provider without a number of its own: its code, or nothing."""
    if not isinstance(reading.registration.rule, ProgramIdRule):
        if identifier:
            reading.refuse("identifier", "A provider without an NPI has no identifier here.")
        return ""
    if not code:
        reading.refuse("code", "A provider without an NPI needs a code.")
    own_number = "program_id" in reading.registration.identifier_types
    if identifier and identifier != code and not own_number:
        reading.refuse("identifier", "A provider without an NPI is named by its code, or by none.")
    return identifier or code


def _read_payment(reading: _Reading) -> tuple[date | None, Decimal | None]:
    day, amount = _read_date(reading, "remittance_on"), _read_amount(reading)
    rule = reading.registration.rule
    facts = rule.facts if isinstance(rule, KnowledgeProofRule) else ()
    given = [bool(reading.text(fact)) for fact in facts]
    if any(given) and not all(given):
        reading.refuse(facts[given.index(False)], "The facts of a payment go together.")
    return day, amount


def _read_date(reading: _Reading, column: str) -> date | None:
    typed = reading.text(column)
    day = parse_date(typed)
    if typed and day is None:
        reading.refuse(column, "This is not a date: write 2026-03-05 or 3/5/2026.")
    return day


def _read_amount(reading: _Reading) -> Decimal | None:
    typed = reading.text("remittance_amount")
    amount = parse_amount(typed)
    if typed and (amount is None or amount >= _LONGEST_AMOUNT):
        reading.refuse("remittance_amount", "This is not an amount: write 1234.50.")
    return amount


def _read_state(reading: _Reading) -> str:
    state = _required(reading, "state").upper()
    if state and state not in US_STATES:
        reading.refuse("state", "This is not the two-letter code of a state.")
    return state


def _read_zip(reading: _Reading) -> str:
    typed = _required_for_locations(reading, "zip")
    match = _ZIP.fullmatch(typed)
    if typed and match is None:
        reading.refuse("zip", "A ZIP code has five digits, or five and four.")
    if match is None:
        return ""
    return f"{match[1]}-{match[2]}" if match[2] else match[1]


def _read_phone(reading: _Reading, column: str) -> str:
    typed = reading.text(column)
    if not typed:
        return ""
    try:
        return parse_us_phone(typed)
    except PhoneNumberError:
        reading.refuse(column, "This is not a ten-digit United States number.")
        return ""


def _read_email(reading: _Reading) -> str:
    typed = reading.text("notice_email")
    if typed:
        try:
            validate_email(typed)
        except ValidationError:
            reading.refuse("notice_email", "This is not an e-mail address.")
    return typed


def _required(reading: _Reading, column: str) -> str:
    value = reading.text(column)
    if not value:
        reading.refuse(column, "The value is missing.")
    return value


def _required_for_locations(reading: _Reading, column: str) -> str:
    if reading.registration.unit == "location":
        return _required(reading, column)
    return reading.text(column)


def _unit_key(reading: _Reading, identifier: str) -> str:
    """Return what makes two rows the same entry, in this file and from import to import.

    For locations, and for providers without any identifier: the identifier and where it is. The
    name counts only where there is no identifier, so that a location that changes its name keeps
    its code.
    """
    if identifier and reading.registration.unit == "identifier":
        return identifier
    place = [reading.text(column) for column in ("address_1", "address_2", "city", "state")]
    parts = [identifier, "" if identifier else reading.text("name"), *place]
    folded = [" ".join(part.casefold().split()) for part in parts]
    folded.append(reading.text("zip")[:5])
    return hashlib.sha256("\x1f".join(folded).encode()).hexdigest()
