"""Telephone numbers of the North American plan: ten digits, no extension, no premium range."""

import re
from typing import ClassVar

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from core.common.errors import DomainError

_LONGEST_INPUT = 40
_DIGITS = 10
_ALLOWED_CHARACTERS = re.compile(r"[0-9+().\-\s\u00a0\u2010-\u2015]+")
# The United States, its territories and Canada. The rest of the +1 area is left out because
# calls there are billed as international ones, which is what toll fraud lives on.
_REGIONS = frozenset({"US", "PR", "VI", "GU", "AS", "MP", "CA"})
_ORDINARY_TYPES = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.VOIP,
    }
)
_PREMIUM_EXCHANGE = "976"


class PhoneNumberError(DomainError):
    """The text is not a telephone number that the portal can use."""

    code: ClassVar[str] = "phone_number_invalid"
    message: ClassVar[str] = "Enter a ten-digit United States phone number without an extension."


def parse_us_phone(text: str) -> str:
    """Return a typed number in the form `+13045550123`.

    Ten digits, with or without punctuation and the country code 1. Extensions, letters, premium
    ranges (area code 900, exchange 976) and numbers outside the United States, its territories
    and Canada raise PhoneNumberError.
    """
    digits = _ten_digits(text)
    number = PhoneNumber(country_code=1, national_number=int(digits))
    # A number that cannot be has no region, or the type "unknown".
    if phonenumbers.region_code_for_number(number) not in _REGIONS:
        raise PhoneNumberError
    if phonenumbers.number_type(number) not in _ORDINARY_TYPES or digits[3:6] == _PREMIUM_EXCHANGE:
        raise PhoneNumberError
    return f"+1{digits}"


def format_us_phone(number: str) -> str:
    """Return `304-555-0123` for `+13045550123`; anything else comes back as it is."""
    digits = number.removeprefix("+1")
    if len(digits) != _DIGITS or not digits.isdigit():
        return number
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def _ten_digits(text: str) -> str:
    trimmed = text.strip()
    if len(trimmed) > _LONGEST_INPUT or not _ALLOWED_CHARACTERS.fullmatch(trimmed):
        raise PhoneNumberError
    digits = "".join(character for character in trimmed if character in "0123456789")
    if len(digits) == _DIGITS + 1 and digits.startswith("1"):
        digits = digits[1:]
    elif "+" in trimmed:
        raise PhoneNumberError
    if len(digits) != _DIGITS or digits[0] in "01":
        raise PhoneNumberError
    return digits
