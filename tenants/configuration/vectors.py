"""Test vectors: what somebody types, what the roster has, and what the rule must say to it.

A part of `registration`, whose conventions hold here. The gates run them before each publication
(`contracts.registration.vector_gate`), so that a change of the rule that was not meant is found
where it is made. They describe invented providers: no roster is looked at, and no code that was
issued stands in a document.
"""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from tenants.configuration.values import Line, Section

ISSUED_CODE: Final = "{issued code}"
"""Typed in a vector it stands for the code of its entry, which is drawn anew at each run."""
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)
ANOTHER_CODE: Final = "{another code}"
"""Stands for a code of the same form that was issued for nobody."""

IdentifierKind = Literal["npi", "program_id", "umpi", "api"]
IssuedCodeState = Literal["none", "valid", "expired", "revoked", "used_up"]
Outcome = Literal[
    "accepted",
    "malformed",
    "nothing_typed",
    "no_entry",
    "wrong_identifier",
    "wrong_code",
    "wrong_facts",
    "facts_not_on_file",
    "fallback_not_open",
    "code_expired",
    "code_revoked",
    "code_used_up",
    "entry_not_started",
    "entry_ended",
    "provider_type_not_allowed",
]
"""What a rule can say. `malformed` is said at the field, before the rule is asked."""


class VectorEntry(Section):
    """The roster entry of a test vector. Without a number and a code there is none."""

    identifier: Line | None = None
    """The provider's number on the roster."""
    identifier_type: IdentifierKind = "npi"
    """What kind of number it is. A provider without a number is known by the program's."""
    code: Line | None = None
    """The code that the program gave the provider. Empty where it gave none, or issues codes."""
    issued_code: IssuedCodeState = "none"
    """How the code stands that was issued for the entry."""
    provider_type: Line | None = None
    """The provider type on the roster."""
    starts_on: date | None = None
    """The entry's first day."""
    ends_on: date | None = None
    """The entry's last day."""
    remittance_on: date | None = None
    """The date of the latest remittance advice on file."""
    remittance_amount: Line | None = None
    """The amount of the latest remittance advice on file, in dollars."""

    @property
    def is_there(self) -> bool:
        """Whether the roster has such an entry at all."""
        return bool(self.identifier or self.code) or self.issued_code != "none"


class TestVector(Section):
    """One try at the registration, and what the rule must say to it."""

    __test__ = False  # no test class, whatever its name begins with

    what: Line
    """What is tried, in words."""
    identifier: Line
    """What is typed as the number. {issued code} stands for the code that was issued for the entry,
    {another code} for one that was issued for nobody."""
    code: Line | None = None
    """What is typed as the code, {issued code} and {another code} as above."""
    remittance_on: Line | None = None
    """What is typed as the date of the latest remittance advice."""
    remittance_amount: Line | None = None
    """What is typed as its amount."""
    on: date | None = None
    """The day on which it is tried, between 2000 and 2199. Empty: today."""
    expect: Outcome
    """What the rule must say."""
    entry: VectorEntry = VectorEntry()
    """What the roster has."""

    @field_validator("on")
    @classmethod
    def _has_days_around_it(cls, on: date | None) -> date | None:
        """A code is drawn that ends the day before or after: the calendar has to have both."""
        if on is not None and not _FIRST <= on <= _LAST:
            raise ValueError("Choose a day between 2000 and 2199.")
        return on


TestVectors = Annotated[tuple[TestVector, ...], Field(max_length=40)]
