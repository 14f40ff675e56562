"""The kinds of value that configuration documents are made of.

Every kind says in words what is wrong with a bad value: the sentence is shown to the person who
writes the document, beside the file, the line and the field.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    Strict,
)
from pydantic_core import CoreSchema

from tenants.configuration.explanations import explanations_of

_PAGES_OF_THE_PORTAL = """
account accounts add-provider admin api assets auth brand callbacks confirm console context contract
contracts deployment email favicon first-login forgot forgot-password groups healthz help home
invitations legacy login logout mail-again me media mfa mfa-help my-account new offices operator
operators outbox phone portal preview profile providers public readyz register registration requests
reset robots schemas session setup shared sign-in sign-out staff static step-up support terms ui
users weekly-mail well-known www
"""
RESERVED_SLUGS: Final = frozenset(_PAGES_OF_THE_PORTAL.split())
"""First path segments of the portal hosts' own pages: no contract can be called so."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_EMPTY_LINE = re.compile(r"\n\s*\n")
_SLUG = re.compile(r"(?=.{2,40}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_HOST = re.compile(
    r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_URL = re.compile(r"https?://[^\s<>\"'\\\x00-\x1f\x7f-\x9f]{3,300}")
_PHONE = re.compile(r"[0-9A-Z()+./ x-]{7,40}")
_COLOR = re.compile(r"#[0-9a-f]{6}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_POSTAL_ABBREVIATIONS = """
AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE
NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY
"""
US_STATES: Final = frozenset(_POSTAL_ABBREVIATIONS.split())


NONE_WORD: Final = "none"
"""TOML has no word for *no value*; fields whose default is a value take this one."""


class Section(BaseModel):
    """A part of a document: unknown fields are refused, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the section for `contract schema`, with the explanations of its fields."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name, text in explanations_of(cls).items():
            properties[name].setdefault("description", text)
        return schema


def _matching(
    pattern: re.Pattern[str], sentence: str, *, lower: bool = False
) -> Callable[[str], str]:
    def check(value: str) -> str:
        value = value.lower() if lower else value
        if not pattern.fullmatch(value):
            raise ValueError(sentence)
        return value

    return check


def _without_control_characters(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("The text contains a control character that cannot be printed.")
    return value


def _on_one_line(value: str) -> str:
    if "\n" in value or "\t" in value:
        raise ValueError("The text must stay on one line.")
    return _without_control_characters(value)


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError(
            "A slug is 2 to 40 lower-case letters, digits and single hyphens; a letter first."
        )
    if value in RESERVED_SLUGS:
        raise ValueError(
            f"The slug {value!r} is the address of a page of the portal; choose another one."
        )
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            "A time zone is a name of the IANA database, such as America/New_York."
        ) from error
    return value


def _none(value: object) -> object:
    return None if value == NONE_WORD else value


def _us_state(value: str) -> str:
    if value not in US_STATES:
        raise ValueError(
            "A state is the two capital letters of its postal abbreviation, such as WV."
        )
    return value


def split_paragraphs(value: object) -> object:
    """A text in one piece becomes its paragraphs: they are separated by an empty line.

    In a list lines stay as they are, and what has an empty line in it is two paragraphs there too.
    """
    if isinstance(value, str):
        return [" ".join(part.split()) for part in _EMPTY_LINE.split(value) if part.strip()]
    if isinstance(value, list | tuple):
        return [part for one in value for part in _parted(one)]
    return value


def _parted(value: object) -> list[object]:
    if not isinstance(value, str) or not _EMPTY_LINE.search(value.strip()):
        return [value]
    return [part for part in _EMPTY_LINE.split(value) if part.strip()]


Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_on_one_line)]
"""A text on one line."""
Text = Annotated[
    str, Field(min_length=1, max_length=4000), AfterValidator(_without_control_characters)
]
"""A text that may have several lines."""
MOST_ENTRIES: Final = 100
"""Contacts, terms, notices or waivers of one document. Own figure: ten times what any has."""
Paragraphs = Annotated[tuple[Text, ...], BeforeValidator(split_paragraphs)]
"""A text as its paragraphs; in TOML a list, or one text with empty lines between them."""
OrNone = BeforeValidator(_none)
"""Marks a field that has a default and can still be left without a value: write "none"."""
Slug = Annotated[str, AfterValidator(_slug)]
HostName = Annotated[
    str,
    AfterValidator(
        _matching(
            _HOST,
            "A host is a full domain name without scheme, port or path, as portal.example.org.",
            lower=True,
        )
    ),
]
EmailAddress = Annotated[
    str,
    Field(max_length=254),
    AfterValidator(_matching(_EMAIL, "An e-mail address looks like name@example.org.")),
]
Url = Annotated[
    str,
    AfterValidator(
        _matching(_URL, "An address starts with https:// or http:// and has no spaces.")
    ),
]
PhoneText = Annotated[
    str,
    AfterValidator(
        _matching(_PHONE, "A phone number is written as it is to be shown, such as 304-555-0100.")
    ),
]
Color = Annotated[
    str,
    AfterValidator(
        _matching(_COLOR, "A color is # and six hexadecimal digits, such as #0b5cad.", lower=True)
    ),
]
ImageDigest = Annotated[
    str,
    AfterValidator(
        _matching(_SHA256, "An image is named by 64 hexadecimal digits: its SHA-256.", lower=True)
    ),
]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
UsState = Annotated[str, AfterValidator(_us_state)]
WholeNumber = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]


class Merge(StrEnum):
    """How one policy field of several contracts becomes one value: always the strictest of them."""

    LOWEST = "lowest"
    """The lowest number is the strictest."""
    HIGHEST = "highest"
    """The highest number is the strictest."""
    HIGHEST_OR_NONE = "highest or none"
    """The highest number is the stricter one, and no number (without end) is the strictest."""
    UNION = "union"
    """Everything that any of them asks for."""
    LAST_OF_ORDER = "last of order"
    """The choices are declared from the weakest to the strictest."""


@dataclass(frozen=True)
class Policy:
    """What a policy field declares about itself in its `Annotated` metadata."""

    merge: Merge
    unit: str = ""
    """The unit of the number, for pages and differences: days, minutes, seconds ..."""
    order: tuple[str, ...] = ()
    """The choices, weakest first; also the order in which a union is listed."""
