"""What spreadsheets do to numbers: leading zeros cut off, long ones in scientific notation.

Such damage runs through a whole column, and a value may still look right: the column is refused
with that reason, because mending it here would be guessing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.roster.rows import allowed_types, code_is_valid
from core.common.identifiers import IdentifierType, normalize
from tenants.configuration.document import ProgramIdRule, RegistrationSection

_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}")
_AS_DECIMAL = re.compile(r"[0-9]{4,}[.,]0{1,2}")
_NUMBER_COLUMNS: Final = ("identifier", "code", "zip", "phone", "fax")
_MOST_ZEROS: Final = 8
_SHORT_ZIP = re.compile(r"[0-9]{3,4}|[0-9]{7,8}|[0-9]{3,4}-[0-9]{4}")
_DIGITS = re.compile(r"[0-9]+")

LOST_ZEROS: Final = (
    "The leading zeros of this column were cut off, as a spreadsheet does with numbers. Format the "
    "column as text and export the file anew."
)
SCIENTIFIC: Final = (
    "The numbers of this column were written in scientific notation by a spreadsheet. Format the "
    "column as text and export the file anew."
)
DECIMALS: Final = (
    "The numbers of this column were given decimals by a spreadsheet. Format the column as text "
    "and export the file anew."
)


@dataclass(frozen=True)
class ColumnProblem:
    """Why a whole column is refused, where that shows first, and in how many rows."""

    column: str
    reason: str
    first_row: int
    rows: int


@dataclass
class _Sightings:
    first_row: int = 0
    rows: int = 0

    def add(self, row: int) -> None:
        self.first_row = self.first_row or row
        self.rows += 1


@dataclass
class _Zeros:
    """Values that lack zeros, against values that kept theirs."""

    short: _Sightings = field(default_factory=_Sightings)
    kept: bool = False


@dataclass
class _Lengths:
    """Digits-only values of an identifier type that has no pattern of its own."""

    first_row: dict[int, int] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)
    kept: bool = False


class ColumnWatch:
    """Looks at every row of a file, and says at the end which columns a spreadsheet damaged."""

    def __init__(self, registration: RegistrationSection) -> None:
        self.registration = registration
        self._damage: dict[tuple[str, str], _Sightings] = {}
        self._zeros: dict[str, _Zeros] = {"code": _Zeros(), "zip": _Zeros()}
        self._lengths: dict[str, _Lengths] = {}
        self._has_program_codes = isinstance(registration.rule, ProgramIdRule)

    def see(self, row: int, cells: Mapping[str, str]) -> None:
        """Take note of one row, whether or not it is accepted."""
        for column in _NUMBER_COLUMNS:
            value = cells.get(column, "").strip()
            if _SCIENTIFIC.fullmatch(value):
                self._note(column, SCIENTIFIC, row)
            elif column != "zip" and _AS_DECIMAL.fullmatch(value):
                self._note(column, DECIMALS, row)
        self._see_code(row, normalize(cells.get("code", "")))
        self._see_zip(row, cells.get("zip", "").strip())
        self._see_identifier(row, cells)

    def see_plain(self, *, code: str | None, postal_code: str | None) -> None:
        """Take note of a row whose values are right and not damaged: it may show kept zeros."""
        if code and code[0] == "0" and self._has_program_codes and _DIGITS.fullmatch(code):
            self._zeros["code"].kept = True
        if postal_code and postal_code[0] == "0":
            self._zeros["zip"].kept = True

    def problems(self) -> list[ColumnProblem]:
        """Return the damaged columns."""
        found = [
            ColumnProblem(column, reason, seen.first_row, seen.rows)
            for (column, reason), seen in self._damage.items()
        ]
        found += [
            ColumnProblem(column, LOST_ZEROS, zeros.short.first_row, zeros.short.rows)
            for column, zeros in self._zeros.items()
            if zeros.short.rows and not zeros.kept
        ]
        return found + self._short_identifiers()

    def _note(self, column: str, reason: str, row: int) -> None:
        self._damage.setdefault((column, reason), _Sightings()).add(row)

    def _see_code(self, row: int, code: str) -> None:
        if not self._has_program_codes or not _DIGITS.fullmatch(code):
            return
        zeros = self._zeros["code"]
        if code_is_valid(self.registration, code):
            zeros.kept = zeros.kept or code.startswith("0")
        elif self._fits_with_zeros(code):
            zeros.short.add(row)

    def _fits_with_zeros(self, code: str) -> bool:
        return any(
            code_is_valid(self.registration, "0" * count + code)
            for count in range(1, _MOST_ZEROS + 1)
        )

    def _see_zip(self, row: int, value: str) -> None:
        zeros = self._zeros["zip"]
        if _SHORT_ZIP.fullmatch(value):
            zeros.short.add(row)
        elif value.startswith("0"):
            zeros.kept = True

    def _see_identifier(self, row: int, cells: Mapping[str, str]) -> None:
        kind = cells.get("identifier_type", "").strip().lower()
        if kind not in allowed_types(self.registration) or kind == IdentifierType.NPI:
            return
        value = normalize(cells.get("identifier", ""))
        if not _DIGITS.fullmatch(value):
            return
        lengths = self._lengths.setdefault(kind, _Lengths())
        lengths.kept = lengths.kept or value.startswith("0")
        lengths.first_row.setdefault(len(value), row)
        lengths.rows[len(value)] = lengths.rows.get(len(value), 0) + 1

    def _short_identifiers(self) -> list[ColumnProblem]:
        """Numbers of several lengths, none with a leading zero: zeros were cut off."""
        problems = []
        for lengths in self._lengths.values():
            short = [length for length in lengths.rows if length < max(lengths.rows)]
            if short and not lengths.kept:
                first = min(lengths.first_row[length] for length in short)
                count = sum(lengths.rows[length] for length in short)
                problems.append(ColumnProblem("identifier", LOST_ZEROS, first, count))
        return problems
