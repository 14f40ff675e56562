"""Fields that several forms share: what a person may type, and the sentence when it is not that."""

import re
import unicodedata
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from core.common.phones import PhoneNumberError, format_us_phone, parse_us_phone

STATES: Final = tuple(
    (line[:2], line[3:])
    for line in """AL Alabama
AK Alaska
AS American Samoa
AZ Arizona
AR Arkansas
CA California
CO Colorado
CT Connecticut
DE Delaware
DC District of Columbia
FL Florida
GA Georgia
GU Guam
HI Hawaii
ID Idaho
IL Illinois
IN Indiana
IA Iowa
KS Kansas
KY Kentucky
LA Louisiana
ME Maine
MD Maryland
MA Massachusetts
MI Michigan
MN Minnesota
MS Mississippi
MO Missouri
MT Montana
NE Nebraska
NV Nevada
NH New Hampshire
NJ New Jersey
NM New Mexico
NY New York
NC North Carolina
ND North Dakota
MP Northern Mariana Islands
OH Ohio
OK Oklahoma
OR Oregon
PA Pennsylvania
PR Puerto Rico
RI Rhode Island
SC South Carolina
SD South Dakota
TN Tennessee
TX Texas
UT Utah
VT Vermont
VI Virgin Islands
VA Virginia
WA Washington
WV West Virginia
WI Wisconsin
WY Wyoming""".splitlines()
)
"""States, the District of Columbia and the territories, by name, with their postal abbreviation."""

YEARS: Final = range(1900, 2200)
"""Own figure: whoever lives was born in them, and nobody plans beyond."""

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,59}")
_ZIP = re.compile(r"[0-9]{5}(-?[0-9]{4})?")
_SIGNS: Final = frozenset(" '’-.,/#&()")


class LatinTextField(forms.CharField):
    """A name or a line of an address: Latin letters with their accents, digits and a few signs.

    Letters and roster data go to systems that know no other script.
    """

    def clean(self, value: Any) -> str:
        """Return the text in composed form, with single spaces."""
        text = " ".join(unicodedata.normalize("NFC", super().clean(value) or "").split())
        # A few characters become longer by it, after the limit was checked.
        if self.max_length is not None and len(text) > self.max_length:
            raise ValidationError(f"{self.label}: use {self.max_length} characters or fewer.")
        if not all(_is_latin(character) for character in text):
            raise ValidationError(
                f"{self.label}: use Latin letters, digits and signs such as - ' . , only."
            )
        return text


class UsernameField(forms.CharField):
    """The name that a person keeps for good."""

    def clean(self, value: Any) -> str:
        """Return the username as typed; it is compared without case."""
        text = str(super().clean(value)).strip()
        if text and not _USERNAME.fullmatch(text):
            raise ValidationError(
                "Use 3 to 60 letters, digits, dots, hyphens or underscores, "
                "and begin with a letter or digit."
            )
        return text


class ZipField(forms.CharField):
    """A ZIP code with five digits, or nine; the hyphen may be left out."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def clean(self, value: Any) -> str:
        """Return `25301` or `25301-1234`."""
        text = str(super().clean(value)).strip()
        if text and not _ZIP.fullmatch(text):
            raise ValidationError("Enter a ZIP code of five digits, such as 25301, or 25301-1234.")
        return f"{text[:5]}-{text[-4:]}" if len(text) > 5 else text


class UsPhoneField(forms.CharField):
    """A telephone or fax number of ten digits; a phone's keyboard shows digits for it."""

    widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel"})

    def clean(self, value: Any) -> str:
        """Return `+13045550123`, or the empty text."""
        text = str(super().clean(value)).strip()
        if not text:
            return ""
        try:
            return parse_us_phone(text)
        except PhoneNumberError as error:
            raise ValidationError(error.sentence) from error

    def prepare_value(self, value: Any) -> Any:
        """Show a kept number the way people write it, and a typed one as it was typed."""
        return format_us_phone(value) if isinstance(value, str) else value


class PlainEmailField(forms.EmailField):
    """An address that every mail system can deliver to."""

    def clean(self, value: Any) -> str:
        """Return the trimmed address. Internationalized ones are refused with a sentence."""
        text = str(value or "").strip()
        if not text.isascii():
            raise ValidationError("Enter an e-mail address without accented or other letters.")
        return str(super().clean(text))


class DayField(forms.DateField):
    """A day of this time, on which any hour of any zone is a moment that Python can hold.

    The database holds more: a time in the last hours of the year 9999 is written, and never read.
    """

    def validate(self, value: Any) -> None:
        """Refuse a day that nobody means."""
        super().validate(value)
        if value is not None and value.year not in YEARS:
            raise ValidationError(f"Choose a day from {YEARS[0]} to {YEARS[-1]}.")


def day_field(label: str, **said: Any) -> DayField:
    """Return a field of a day, which browsers show as a calendar."""
    attributes = {"type": "date", "autocomplete": "off"}
    widget = forms.DateInput(attrs=attributes, format="%Y-%m-%d")
    return DayField(label=label, widget=widget, **said)


def time_field(label: str, **said: Any) -> forms.TimeField:
    """Return a field of a time of day, to the minute."""
    attributes = {"type": "time", "autocomplete": "off"}
    widget = forms.TimeInput(attrs=attributes, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, **said)


def missing(label: str) -> str:
    """Return the sentence for an empty field: `Enter the first name.`, `Enter the NPI.`"""
    return f"Enter the {in_sentence(label)}."


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence; NPI and ZIP keep their capitals."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _is_latin(character: str) -> bool:
    if character in _SIGNS or (character.isascii() and character.isalnum()):
        return True
    # Any other letter must be called so by Unicode: é, ñ, ø, ß, ł and combining accents.
    name = unicodedata.name(character, "")
    return name.startswith(("LATIN SMALL", "LATIN CAPITAL", "COMBINING"))
