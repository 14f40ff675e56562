"""Facts from a payment as people copy them from a remittance advice."""

import re
from datetime import date
from decimal import Decimal

_LONGEST_INPUT = 40
# Twelve digits at most, with commas or without: beyond 28 of them no cents can be made.
_AMOUNT = re.compile(r"\$?\s?(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,12})(?:\.[0-9]{0,2})?")
_ISO_DATE = re.compile(r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})")
_US_DATE = re.compile(
    r"(?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})[-/.](?P<year>[0-9]{4}|[0-9]{2})"
)
_CENT = Decimal("0.01")
_CENTURY = 2000


def parse_amount(text: str) -> Decimal | None:
    """Return dollars with two decimals, or None: `$1,234.50`, `1234.5` and `1,234.50` are one."""
    trimmed = text.strip()
    if len(trimmed) > _LONGEST_INPUT or not _AMOUNT.fullmatch(trimmed):
        return None
    return Decimal(re.sub(r"[$,\s]", "", trimmed)).quantize(_CENT)


def parse_date(text: str) -> date | None:
    """Return the day, or None: `2026-03-05`, `3/5/2026`, `03-05-2026` and `3/5/26` are one.

    Month before day, as in the United States, unless the year comes first.
    """
    trimmed = text.strip()
    if len(trimmed) > _LONGEST_INPUT:
        return None
    match = _ISO_DATE.fullmatch(trimmed) or _US_DATE.fullmatch(trimmed)
    if match is None:
        return None
    year = int(match["year"])
    try:
        return date(
            year + _CENTURY if len(match["year"]) == len("26") else year,
            int(match["month"]),
            int(match["day"]),
        )
    except ValueError:
        return None
