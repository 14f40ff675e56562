"""Provider identifiers and registration codes as people type them.

The National Provider Identifier (NPI) is the only one that carries a check digit; the others
(a program's own number, Minnesota's UMPI, Virginia's API) are compared as they are.
"""

import unicodedata
from enum import StrEnum

_NPI_PREFIX = "80840"
_NPI_DIGITS = 10
_NPI_FIRST_DIGITS = "12"
# Full-width ASCII (U+FF01 to U+FF5E) stands this far above the plain characters.
_FULL_WIDTH_OFFSET = 0xFEE0
_DROPPED_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Pd", "Cc", "Cf"})
# The same for plain text, which nearly all of it is: rosters bring tens of thousands of values.
_DROPPED_ASCII = dict.fromkeys([*range(0x20), *map(ord, " .-"), 0x7F])


class IdentifierType(StrEnum):
    """The kinds of number by which a roster names a provider."""

    NPI = "npi"
    PROGRAM_ID = "program_id"
    UMPI = "umpi"
    API = "api"


def normalize(value: str) -> str:
    """Return an identifier or code in the form in which it is compared and stored.

    Letters are upper-cased; spaces, dots, every kind of hyphen and invisible characters (which
    come along when text is copied from a document) are dropped. Leading zeros stay: they are
    part of the number. Normalizing twice changes nothing more.
    """
    if value.isascii():
        return value.translate(_DROPPED_ASCII).upper()
    folded = (_fold_width(character) for character in value)
    return "".join(
        character.upper() if character.isascii() else character
        for character in folded
        if character != "." and unicodedata.category(character) not in _DROPPED_CATEGORIES
    )


def npi_is_valid(value: str) -> bool:
    """Tell whether a value is a well-formed NPI: ten digits, first 1 or 2, right check digit.

    The check digit is Luhn's over the prefix 80840 and the first nine digits (CMS, "NPI check
    digit"; the prefix is the United States' health applications in ISO/IEC 7812).
    """
    number = normalize(value)
    if len(number) != _NPI_DIGITS or not (number.isascii() and number.isdigit()):
        return False
    return number[0] in _NPI_FIRST_DIGITS and npi_check_digit(number[:-1]) == number[-1]


def npi_check_digit(body: str) -> str:
    """Return the check digit of an NPI's first nine digits; ValueError for anything else."""
    if len(body) != _NPI_DIGITS - 1 or not (body.isascii() and body.isdigit()):
        raise ValueError("The body of an NPI is nine digits.")
    total = 0
    for position, digit in enumerate(reversed(_NPI_PREFIX + body)):
        weighted = int(digit) * (2 if position % 2 == 0 else 1)
        total += sum(divmod(weighted, 10))
    return str(-total % 10)


def _fold_width(character: str) -> str:
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - _FULL_WIDTH_OFFSET)
    return character
