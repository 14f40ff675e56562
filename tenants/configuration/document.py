"""The configuration document of a contract: everything in which contracts differ.

Nothing in the code asks which contract it is; it reads a field of this document. Documents are
immutable once read. Defaults are the safer preset for a new contract; what is weaker needs a waiver
(`gates.py`). TOML in, TOML and JSON out (`loading.py`). Lists are tuples, so that threads can share
a document.
"""

import re
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from tenants.configuration.channels import ContractChannelsSection
from tenants.configuration.policy import PolicySections
from tenants.configuration.roles import GroupRole, check_distinct
from tenants.configuration.staff import ContractStaffSection
from tenants.configuration.values import (
    Color,
    EmailAddress,
    HostName,
    Line,
    OrNone,
    Paragraphs,
    PhoneText,
    Section,
    Slug,
    Text,
    TimeZone,
    Url,
    UsState,
    WholeNumber,
    YesNo,
)

RegistrationUnit = Literal["identifier", "location"]
IdentifierKind = Literal["npi", "program_id", "umpi", "api"]
ProfileField = Literal["address_1", "address_2", "city", "state", "zip", "phone", "fax"]
Module = Literal["registration"]
KnownFact = Literal["remittance_on", "remittance_amount"]


class ContractSection(Section):
    """Which program this is."""

    slug: Slug
    name: Line
    """The name on pages and in mails."""
    program: Line
    """The program's full title as its agency writes it."""
    state: UsState
    agency: Line
    program_text: Text = "This portal serves the providers of the program."
    guide_title: Line | None = None
    guide_url: Url | None = None
    time_zone: TimeZone = "America/New_York"
    opens_on: date | None = None
    """Before this day the contract's pages show the contacts and the date only."""
    closes_on: date | None = None
    """From this day on people sign in to read; nothing is registered any more."""

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens_on and self.closes_on and self.opens_on >= self.closes_on:
            raise ValueError("closes_on must be later than opens_on.")
        return self


class HostsSection(Section):
    """The contract's own hosts; without one it lives under /<slug>/ on the portal host."""

    primary: HostName | None = None
    aliases: tuple[HostName, ...] = ()
    redirects: tuple[HostName, ...] = ()
    """Old hosts: every address on them redirects to the primary one."""

    @model_validator(mode="after")
    def _hosts_are_distinct(self) -> Self:
        hosts = [host for host in (self.primary, *self.aliases, *self.redirects) if host]
        if len(hosts) != len(set(hosts)):
            raise ValueError("A host is listed twice.")
        if self.primary is None and hosts:
            raise ValueError("Aliases and redirects need a primary host.")
        return self


class BrandSection(Section):
    """What the pages and mails look like. One colour gives the seven tones (`brand.py`)."""

    organization: Line
    """Names the employees' column and the account: "If you don't already have a … account"."""
    product: Line
    logo_text: Line
    """The word-mark in the header; contracts show no image as a logo."""
    color: Color
    sender_name: Line
    sender_address: EmailAddress
    reply_to: EmailAddress | None = None


class SupportContact(Section):
    """Whom to ask about one purpose. Where there is room for one only, the first is shown."""

    purpose: Line
    organization: Line | None = None
    phone: PhoneText | None = None
    fax: PhoneText | None = None
    email: EmailAddress | None = None
    url: Url | None = None
    hours: Line | None = None
    postal_address: Text | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if not any((self.phone, self.fax, self.email, self.url, self.postal_address)):
            raise ValueError("A contact needs a phone, fax, e-mail address, URL or postal address.")
        return self


class VocabularySection(Section):
    """The program's own words for the same things."""

    person: Line = "Member"
    people: Line = "Members"
    place: Line = "facility or clinic"
    request: Line = "authorization request"
    code_name: Line = "Provider Registration Code"
    number_name: Line = "NPI"
    preferences: Line = "Preferences"
    help: Line = "Help"


class ProgramIdRule(Section):
    """The registration code is a number that the program already gave the provider."""

    family: Literal["program_id"] = "program_id"
    pattern: Annotated[str, Field(min_length=1, max_length=200)]
    """Regular expression for the whole code, in capitals and without spaces, dots and hyphens."""

    @field_validator("pattern")
    @classmethod
    def _is_a_regular_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"The pattern is not a regular expression: {error}.") from error
        return value


class IssuedCodeRule(Section):
    """The registration code is a secret issued for one location, stored as a digest only."""

    family: Literal["issued_code"] = "issued_code"
    length: Annotated[WholeNumber, Field(ge=8, le=32)] = 10
    valid_days: Annotated[WholeNumber, Field(ge=1, le=730)] = 90
    max_uses: Annotated[WholeNumber, Field(ge=1, le=10)] = 1


class KnowledgeProofRule(Section):
    """Facts that only the provider knows are the proof; new providers get an issued code."""

    family: Literal["knowledge_proof"] = "knowledge_proof"
    facts: tuple[KnownFact, ...] = Field(
        default=("remittance_on", "remittance_amount"), min_length=1
    )
    issued_code_fallback: YesNo = True
    length: Annotated[WholeNumber, Field(ge=8, le=32)] = 10
    valid_days: Annotated[WholeNumber, Field(ge=1, le=730)] = 90
    max_uses: Annotated[WholeNumber, Field(ge=1, le=10)] = 1


RegistrationRule = Annotated[
    ProgramIdRule | IssuedCodeRule | KnowledgeProofRule, Field(discriminator="family")
]


class RegistrationLimits(Section):
    """How many attempts at identifier and code are answered within the window."""

    attempts_per_identifier: Annotated[WholeNumber, Field(ge=3, le=100)] = 10
    attempts_per_address: Annotated[WholeNumber, Field(ge=5, le=1000)] = 60
    window_minutes: Annotated[WholeNumber, Field(ge=5, le=1440)] = 60


class RegistrationSection(Section):
    """Who may register, and with what."""

    unit: RegistrationUnit = "identifier"
    before_you_start: tuple[Text, ...] = Field(min_length=1)
    identifier_label: Line = "NPI"
    identifier_hint: Line = "The ten-digit National Provider Identifier of your facility or clinic."
    identifier_example: Line = "1234567893"
    code_label: Line = "Provider registration code"
    code_hint: Line
    code_example: Line
    code_help: Paragraphs = Field(min_length=1)
    """What the code is, who gives it, and what to do without one."""
    code_to_address_on_file: YesNo = False
    """Whether a person without a code can have a new one sent to the address on file."""
    identifier_types: tuple[IdentifierKind, ...] = Field(default=("npi",), min_length=1)
    check_npi: YesNo = True
    rule: RegistrationRule
    without_npi: Literal["refuse", "code_in_both"] = "refuse"
    without_code: Literal["refuse", "identifier_in_both"] = "refuse"
    """The second way is open only to roster entries that really have no code."""
    approval: Literal["automatic", "operator"] = "automatic"
    provider_types: tuple[Line, ...] = ()
    """Empty: every type of the roster may register."""
    notify_address_on_file: YesNo = True
    number_note: Text | None = None
    """What is special about the number that this program asks for."""
    limits: RegistrationLimits = RegistrationLimits()

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
        if self.code_to_address_on_file and self.rule.family == "program_id":
            raise ValueError("code_to_address_on_file is for codes that this portal issues.")
        return self


class FormFields(Section):
    """Which of the optional fields of a form are required, and what they are called."""

    required: tuple[ProfileField, ...] = ("fax",)
    labels: dict[ProfileField, Line] = Field(default_factory=dict)
    fax_note: Annotated[Text | None, OrNone] = (
        "Letters about decisions go to this fax number when the program sends them by fax, "
        "so give one that your office reads."
    )


class ProfileSection(Section):
    """The two forms that describe a person: at registration, and when an admin adds a user."""

    registration: FormFields = FormFields()
    added_user: FormFields = FormFields(required=())


class GroupsSection(Section):
    """How provider groups are run."""

    access_review_days: Annotated[WholeNumber, Field(ge=30, le=730)] | None = None
    """Every so many days admins confirm who has access; none: they are not asked."""
    access_review_unconfirmed: Literal["keep", "suspend", "remove"] = "keep"
    """What becomes of a role that nobody confirmed: it stays as overdue, or two weeks after its day
    it gives nothing until an admin confirms it after all, or it ends."""
    roster_end_days: Annotated[WholeNumber, Field(ge=0, le=365)] = 30
    """How long users keep a provider whose roster entry has ended."""
    third_parties: YesNo = False
    """Whether a provider may give access to another organization, such as a billing office."""
    single_admin_reminder: YesNo = True
    """Whether a group with one admin is reminded to name a second."""
    recovery_evidence: Text = (
        "Say who you are for this office, since when its administrator cannot be reached and why, "
        "and how we can check it: a telephone number on file, or a letter on its letterhead."
    )
    """What somebody is told to write who asks to become admin in place of one who left."""
    recovery_wait_days: Annotated[WholeNumber, Field(ge=1, le=60)] = 5
    """How long such a request, once granted, waits for objections; own figure: a working week."""
    roles: tuple[GroupRole, ...] = Field(default=(), max_length=12)
    """Roles beside the three documented ones, such as one that reads and changes nothing."""

    @model_validator(mode="after")
    def _roles_are_distinct(self) -> Self:
        check_distinct(self.roles)
        return self

    @model_validator(mode="after")
    def _what_ends_is_reviewed(self) -> Self:
        kept = self.access_review_unconfirmed
        if kept != "keep" and self.access_review_days is None:
            raise ValueError(f'access_review_unconfirmed = "{kept}" needs access_review_days.')
        return self


class TermsParty(Section):
    """With whom the user agrees."""

    legal_name: Line
    address: Text
    phones: tuple[Line, ...] = ()
    web: Url | None = None


class TermsVersion(Section):
    """One version of the terms of use. Once in effect it is never edited, only superseded."""

    version: Line
    effective_on: date
    party: TermsParty
    text: Paragraphs = Field(min_length=1)
    reaccept: YesNo = True
    """Whether people who accepted an earlier version are asked again."""


class Notice(Section):
    """A banner on every page of the contract between two moments."""

    text: Text
    from_at: AwareDatetime
    until_at: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.from_at >= self.until_at:
            raise ValueError("until_at must be later than from_at.")
        return self

    def is_shown(self, at: datetime) -> bool:
        """Whether the banner is on the pages at this moment."""
        return self.from_at <= at < self.until_at


class Waiver(Section):
    """A named exception from the default preset, with its reason and its last day."""

    rule: Line
    """The path of the field whose rule is waived, such as accounts.password_classes."""
    reason: Text
    until: date


class ContractDocument(PolicySections):
    """The whole configuration of one contract."""

    contract: ContractSection
    hosts: HostsSection = HostsSection()
    brand: BrandSection
    support: tuple[SupportContact, ...] = Field(min_length=1)
    vocabulary: VocabularySection = VocabularySection()
    registration: RegistrationSection
    profile: ProfileSection = ProfileSection()
    groups: GroupsSection = GroupsSection()
    staff: ContractStaffSection = ContractStaffSection()
    terms: tuple[TermsVersion, ...] = Field(min_length=1)
    notices: tuple[Notice, ...] = ()
    channels: ContractChannelsSection = ContractChannelsSection()
    modules: tuple[Module, ...] = ("registration",)
    """The parts of the portal that the contract has."""
    waivers: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _terms_have_an_order(self) -> Self:
        if len({terms.version for terms in self.terms}) != len(self.terms):
            raise ValueError("Two versions of the terms have the same version name.")
        if len({terms.effective_on for terms in self.terms}) != len(self.terms):
            raise ValueError("Two versions of the terms take effect on the same day.")
        return self

    def current_terms(self, on: date) -> TermsVersion:
        """Return the version in effect on a day; before any is, the first one."""
        in_order = sorted(self.terms, key=lambda terms: terms.effective_on)
        begun = [terms for terms in in_order if terms.effective_on <= on]
        return begun[-1] if begun else in_order[0]

    def notices_at(self, at: datetime) -> tuple[Notice, ...]:
        """Return the banners that are on the pages at this moment."""
        return tuple(notice for notice in self.notices if notice.is_shown(at))
