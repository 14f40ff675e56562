"""Who may register, and with what: the part of a contract's document that programs differ in most.

A section of `document.py`, whose conventions hold here.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from tenants.configuration.patterns import check_pattern
from tenants.configuration.values import Line, Paragraphs, Section, Text, WholeNumber, YesNo
from tenants.configuration.vectors import IdentifierKind, TestVectors

RegistrationUnit = Literal["identifier", "location"]
KnownFact = Literal["remittance_on", "remittance_amount"]


class ProgramIdRule(Section):
    """The registration code is a number that the program already gave the provider."""

    family: Literal["program_id"] = "program_id"
    pattern: Annotated[Line, Field(max_length=200), AfterValidator(check_pattern)]
    """Regular expression for the whole code, in capitals and without spaces, dots and hyphens."""


class IssuedCodeRule(Section):
    """The registration code is a secret issued for one location, stored as a digest only."""

    family: Literal["issued_code"] = "issued_code"
    length: Annotated[WholeNumber, Field(ge=8, le=32)] = 10
    """Letters and digits in a code. Longer codes are harder to guess and to type."""
    valid_days: Annotated[WholeNumber, Field(ge=1, le=730)] = 90
    """For how many days after it was issued a code can be used."""
    max_uses: Annotated[WholeNumber, Field(ge=1, le=10)] = 1
    """How many registrations one code is good for."""


class KnowledgeProofRule(Section):
    """Facts that only the provider knows are the proof; new providers get an issued code."""

    family: Literal["knowledge_proof"] = "knowledge_proof"
    facts: tuple[KnownFact, ...] = Field(
        default=("remittance_on", "remittance_amount"), min_length=1
    )
    """What the person has to know about the provider's latest payment."""
    issued_code_fallback: YesNo = True
    """Whether a provider without any payment so far registers by a code instead."""
    length: Annotated[WholeNumber, Field(ge=8, le=32)] = 10
    """Letters and digits in such a code."""
    valid_days: Annotated[WholeNumber, Field(ge=1, le=730)] = 90
    """For how many days after it was issued such a code can be used."""
    max_uses: Annotated[WholeNumber, Field(ge=1, le=10)] = 1
    """How many registrations one such code is good for."""


RegistrationRule = Annotated[
    ProgramIdRule | IssuedCodeRule | KnowledgeProofRule, Field(discriminator="family")
]


class RegistrationLimits(Section):
    """How many attempts at identifier and code are answered within the window."""

    attempts_per_identifier: Annotated[WholeNumber, Field(ge=3, le=100)] = 10
    """Attempts for one provider, whoever makes them."""
    attempts_per_address: Annotated[WholeNumber, Field(ge=5, le=1000)] = 60
    """Attempts from one network address, such as an office, for whichever providers."""
    window_minutes: Annotated[WholeNumber, Field(ge=5, le=1440)] = 60
    """The attempts within this time are counted together."""


class RegistrationSection(Section):
    """Who may register, and with what."""

    unit: RegistrationUnit = "identifier"
    """Whether a number registers once, or each of its locations for itself."""
    before_you_start: Paragraphs = Field(min_length=1)
    """What people should have ready, point by point, on the first page of the registration."""
    identifier_label: Line = "NPI"
    """What the field for the number is called."""
    identifier_hint: Line = "The ten-digit National Provider Identifier of your facility or clinic."
    """What the number looks like, below its name."""
    identifier_example: Line = "1234567893"
    """A number that looks like a real one. It must pass the checks below."""
    code_label: Line = "Provider registration code"
    """What the field for the registration code is called."""
    code_hint: Line
    """What the code looks like, and where people find it."""
    code_example: Line
    """A code that looks like a real one. It must fit the rule below."""
    code_help: Paragraphs = Field(min_length=1)
    """What the code is, who gives it, and what to do without one."""
    code_to_address_on_file: YesNo = False
    """Whether a person without a code can have a new one sent to the address on file."""
    identifier_types: tuple[IdentifierKind, ...] = Field(default=("npi",), min_length=1)
    """The kinds of number under which this program knows its providers."""
    check_npi: YesNo = True
    """Whether the check digit of an NPI is verified, which finds most typing mistakes."""
    rule: RegistrationRule
    """How somebody proves that they may register a provider."""
    without_npi: Literal["refuse", "code_in_both"] = "refuse"
    """What a provider does that has no number: it is refused, or it enters its code in both
    fields."""
    without_code: Literal["refuse", "identifier_in_both"] = "refuse"
    """What a provider does that has no code: it is refused, or it enters its number in both fields.
    The second way is open only to roster entries that really have no code."""
    approval: Literal["automatic", "operator"] = "automatic"
    """Whether a registration counts at once, or after somebody has looked at it."""
    approval_second_person: YesNo = False
    """Whether two people of staff have to approve a registration, one after the other."""
    approval_days: Annotated[WholeNumber, Field(ge=1, le=180)] = 30
    """For how many days a registration waits for approval, and its number is kept for it."""
    dispute_second_person: YesNo = True
    """Whether two people of staff have to agree before a dispute takes a number from a group."""
    provider_types: tuple[Line, ...] = ()
    """Only these types of the roster may register. Empty: all of them."""
    notify_address_on_file: YesNo = True
    """Whether the address on the roster gets a letter or mail about each registration."""
    number_note: Text | None = None
    """What is special about the number that this program asks for."""
    limits: RegistrationLimits = RegistrationLimits()
    """How often somebody may try before they have to wait."""
    test_vectors: TestVectors = ()
    """Tries at the registration, each with what the rule must say to it. They are run before each
    publication; one that is accepted and one that is refused have to be there."""

    @model_validator(mode="after")
    def _fallbacks_suit_the_family(self) -> Self:
        if self.rule.family != "program_id" and self.without_code != "refuse":
            raise ValueError(
                'without_code = "identifier_in_both" is for the program_id family only.'
            )
        if self.rule.family == "knowledge_proof" and self.without_npi != "refuse":
            raise ValueError(
                'without_npi = "code_in_both" needs a code; the knowledge_proof family has none.'
            )
        if self.approval_second_person and self.approval == "automatic":
            raise ValueError('approval_second_person = true needs approval = "operator".')
        if self.code_to_address_on_file and self.rule.family == "program_id":
            raise ValueError("code_to_address_on_file is for codes that this portal issues.")
        return self
