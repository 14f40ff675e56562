"""Rows that need no second look: read by one expression, where `read_row` would take all of them.

A roster is mostly rows whose values stand there as they are stored. `PlainRows` knows these, and
says nothing about any other: whoever asks reads the row by `contracts.roster.rows.read_row`, which
alone has the rules and the reasons. That both agree is a test with random rows; that the rows of a
million are read in time is why this is here.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from contracts.registration.rules import parse_date
from contracts.roster.columns import COLUMNS
from contracts.roster.rows import RosterRow, allowed_types
from core.common.identifiers import IdentifierType, npi_check_digit
from core.common.phones import PhoneNumberError, parse_us_phone
from tenants.configuration.document import (
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)
from tenants.configuration.values import US_STATES

Staged = tuple[str | None, ...]
"""The unit key and the columns of a row as text, None where the database has nothing."""

_END: Final = "\x1f"
_MAY_BE_NULL: Final = frozenset({"remittance_on", "remittance_amount", "starts_on", "ends_on"})
# Printable ASCII without the backslash, which COPY reads otherwise; no space at either end, and no
# apostrophe before it, which a sheet of ours may have put there.
_TEXT: Final = r"[!-&(-\[\]-~](?:[ -\[\]-~]{0,%d}[!-\[\]-~])?"
_WORDS: Final = {"name": 198, "provider_type": 98, "address_1": 198, "address_2": 198, "city": 98}
_DATE: Final = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?"
_PHONE: Final = r"(?:[2-9][0-9]{2}-?[0-9]{3}-?[0-9]{4})?"
_EMAIL: Final = (
    r"(?:[a-z0-9_-]{1,30}(?:\.[a-z0-9_-]{1,30}){0,2}@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.){1,4}[a-z]{2,12})?"
)
_PATTERNS: Final = {
    "identifier_type": "(?:npi)?",
    "code": "[0-9A-Z]{0,64}",
    "state": "[A-Z]{2}",
    "zip": "(?:[0-9]{5}(?:-[0-9]{4})?)?",
    "phone": _PHONE,
    "fax": _PHONE,
    "notice_email": _EMAIL,
    "remittance_on": _DATE,
    "remittance_amount": r"(?:[0-9]{1,9}\.[0-9]{2})?",
    "starts_on": _DATE,
    "ends_on": _DATE,
}


def staged(row: RosterRow) -> Staged:
    """Return a checked row as text."""
    return (row.unit_key, *(_text(getattr(row, name)) for name in COLUMNS))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


class PlainRows:
    """The plain rows of one file, by its contract's rule and the names in its header."""

    def __init__(self, registration: RegistrationSection, names: Sequence[str]) -> None:
        self.names = list(names)
        self._place = {name: place for place, name in enumerate(names)}
        self._registration = registration
        self._by_location = registration.unit == "location"
        rule = registration.rule
        self._code = re.compile(rule.pattern) if isinstance(rule, ProgramIdRule) else None
        self._code_may_be_empty = self._code is None or registration.without_code != "refuse"
        self._facts = rule.facts if isinstance(rule, KnowledgeProofRule) else ()
        self._checks_npi = registration.check_npi
        self._row = re.compile(_END.join(f"({self._pattern(name)})" for name in names))
        unnamed = allowed_types(registration)[0]
        self._are_npis = unnamed is IdentifierType.NPI or "identifier_type" in self._place
        self._unnamed_is_npi = unnamed is IdentifierType.NPI
        self._knows_npis = IdentifierType.NPI in allowed_types(registration)

    def read(self, names: Sequence[str], record: Sequence[str]) -> Staged | None:
        """Return a row as it is stored, or None where it wants to be read by its rules."""
        if names != self.names or not self._knows_npis:
            return None
        match = self._row.fullmatch(_END.join(record))
        if match is None:
            return None
        cells = dict(zip(self.names, match.groups(), strict=True))
        if not (self._is_npi(cells) and self._has_code(cells)):
            return None
        if cells["state"] not in US_STATES or not self._has_dates(cells):
            return None
        return self._stored(cells)

    def _pattern(self, name: str) -> str:
        if name == "identifier":
            return "[12][0-9]{9}" if self._checks_npi else "[0-9A-Z]{1,64}"
        if name in _WORDS:
            return _TEXT % _WORDS[name] if self._needs(name) else f"(?:{_TEXT % _WORDS[name]})?"
        pattern = _PATTERNS[name]
        return pattern.removeprefix("(?:").removesuffix(")?") if self._needs(name) else pattern

    def _needs(self, name: str) -> bool:
        return name in {"name", "city"} or (self._by_location and name in {"address_1", "zip"})

    def _is_npi(self, cells: dict[str, str]) -> bool:
        if not (cells.get("identifier_type") or self._unnamed_is_npi):
            return False
        return not self._checks_npi or _has_check_digit(cells["identifier"])

    def _has_code(self, cells: dict[str, str]) -> bool:
        code = cells.get("code", "")
        if not code:
            return self._code_may_be_empty
        if self._code is None or code == cells["identifier"]:
            return False
        return self._code.fullmatch(code) is not None

    def _has_dates(self, cells: dict[str, str]) -> bool:
        for name in ("starts_on", "ends_on", "remittance_on"):
            if (day := cells.get(name)) and not _is_date(day):
                return False
        starts, ends = cells.get("starts_on"), cells.get("ends_on")
        if starts and ends and starts > ends:
            return False
        given = [bool(cells.get(fact)) for fact in self._facts]
        return all(given) or not any(given)

    def _stored(self, cells: dict[str, str]) -> Staged | None:
        cells["identifier_type"] = "npi"
        for name in ("phone", "fax"):
            if typed := cells.get(name):
                digits = typed.replace("-", "")
                if not _is_phone(digits[:6]):
                    return None
                cells[name] = f"+1{digits}"
        key = _place_key(cells) if self._by_location else cells["identifier"]
        return (key, *(cells.get(name) or _EMPTY[name] for name in COLUMNS))


_EMPTY: Final = {name: None if name in _MAY_BE_NULL else "" for name in COLUMNS}


def _place_key(cells: dict[str, str]) -> str:
    """Return the key of a location, as `rows` makes it of values with odd spaces and letters."""
    place = (cells.get(name, "") for name in ("address_1", "address_2", "city", "state"))
    folded = [" ".join(part.lower().split()) for part in (cells["identifier"], "", *place)]
    folded.append(cells.get("zip", "")[:5])
    return hashlib.sha256(_END.join(folded).encode()).hexdigest()


def _has_check_digit(npi: str) -> bool:
    return -(_DOUBLED[npi[:3]] + _SINGLE[npi[3:6]] + _DOUBLED[npi[6:9]] + _PREFIX) % 10 == int(
        npi[9]
    )


def _sum(digits: str, *, first_is_doubled: bool) -> int:
    """Return what three digits of an NPI add to the sum of its check digit (Luhn)."""
    total = 0
    for place, digit in enumerate(digits):
        doubled = place % 2 == (0 if first_is_doubled else 1)
        total += sum(divmod(int(digit) * 2, 10)) if doubled else int(digit)
    return total


_THREES: Final = [f"{number:03d}" for number in range(1000)]
_DOUBLED: Final = {three: _sum(three, first_is_doubled=True) for three in _THREES}
_SINGLE: Final = {three: _sum(three, first_is_doubled=False) for three in _THREES}
_PREFIX: Final = -int(npi_check_digit("000000000")) % 10
"""What the prefix of all NPIs adds."""


@lru_cache(maxsize=100_000)
def _is_date(text: str) -> bool:
    return parse_date(text) is not None


@lru_cache(maxsize=100_000)
def _is_phone(exchange: str) -> bool:
    """Tell whether numbers that begin so are taken: the plan is made by the first six digits."""
    try:
        parse_us_phone(f"{exchange}0123")
    except PhoneNumberError:
        return False
    return True
