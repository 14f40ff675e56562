"""The configuration document of a contract: everything in which contracts differ.

Nothing in the code asks which contract it is; it reads a field of this document. Documents are
immutable once read. Defaults are the safer preset for a new contract; what is weaker needs a waiver
(`gates.py`). TOML in, TOML and JSON out (`loading.py`). Lists are tuples, so that threads can share
a document.
"""

from datetime import MAXYEAR, MINYEAR, date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from tenants.configuration.approvals import PublishingSection
from tenants.configuration.channels import ContractChannelsSection
from tenants.configuration.groups import GroupsSection
from tenants.configuration.policy import PolicySections
from tenants.configuration.profile import ProfileSection
from tenants.configuration.registration import (
    IssuedCodeRule,
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationLimits,
    RegistrationRule,
    RegistrationSection,
)
from tenants.configuration.staff import ContractStaffSection
from tenants.configuration.values import (
    MOST_ENTRIES,
    Color,
    EmailAddress,
    HostName,
    ImageDigest,
    Line,
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

__all__ = [
    "IssuedCodeRule",
    "KnowledgeProofRule",
    "ProgramIdRule",
    "RegistrationLimits",
    "RegistrationRule",
    "RegistrationSection",
]
Module = Literal["registration"]


class ContractSection(Section):
    """Which program this is."""

    slug: Slug
    """The contract's part of the address, as in /your-program/. It never changes."""
    name: Line
    """The name on pages and in mails."""
    program: Line
    """The program's full title as its agency writes it."""
    state: UsState
    """The state whose program it is, as its postal abbreviation."""
    agency: Line
    """The state agency that sponsors the program."""
    program_text: Text = "This portal serves the providers of the program."
    """What providers do here, in one or two sentences, on the first page of the contract."""
    guide_title: Line | None = None
    """What the link to the program's own user guide says."""
    guide_url: Url | None = None
    """Where the program's own user guide is found. Without one no link is shown."""
    time_zone: TimeZone = "America/New_York"
    """The days and times of this contract are those of this time zone."""
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
    """The contract's own domain name, under which its pages stand and its mails link."""
    aliases: tuple[HostName, ...] = ()
    """More domain names that show the same pages."""
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
    """Who runs the portal. Pages say its name in sentences like "If you don't already have a …
    account"."""
    product: Line
    """What the portal is called in titles and mails."""
    logo_text: Line
    """The word-mark in the header, where there is no logo."""
    color: Color
    """One color. Seven tones are made from it, so dark that text on them can be read."""
    sender_name: Line
    """Who mails come from, as inboxes show it."""
    sender_address: EmailAddress
    """The address that mails come from. Its domain has to be verified for sending."""
    reply_to: EmailAddress | None = None
    """Where answers to mails go. Without one they go to nobody."""
    logo: ImageDigest | None = None
    """The image in place of the word-mark, by the SHA-256 of its PNG file."""
    logo_width: Annotated[WholeNumber, Field(ge=16, le=640)] | None = None
    """How wide the image is, in pixels."""
    logo_height: Annotated[WholeNumber, Field(ge=16, le=240)] | None = None
    """How high the image is, in pixels."""
    logo_alt: Line | None = None
    """What the logo says, for who does not see it. Without one the word-mark is read out."""

    @model_validator(mode="after")
    def _logo_has_its_size(self) -> Self:
        if len({one is None for one in (self.logo, self.logo_width, self.logo_height)}) > 1:
            raise ValueError("logo, logo_width and logo_height belong together.")
        return self


class SupportContact(Section):
    """Whom to ask about one purpose. Where there is room for one only, the first is shown."""

    purpose: Line
    """What one can ask there, such as registration and sign-in."""
    organization: Line | None = None
    """Who answers."""
    phone: PhoneText | None = None
    """As it is to be shown, such as 304-555-0100."""
    fax: PhoneText | None = None
    """As it is to be shown, such as 304-555-0101."""
    email: EmailAddress | None = None
    """Where people write to."""
    url: Url | None = None
    """A page with more help."""
    hours: Line | None = None
    """When somebody answers, with the time zone."""
    postal_address: Text | None = None
    """As it stands on an envelope, on several lines."""

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if not any((self.phone, self.fax, self.email, self.url, self.postal_address)):
            raise ValueError("A contact needs a phone, fax, e-mail address, URL or postal address.")
        return self


class VocabularySection(Section):
    """The program's own words for the same things."""

    person: Line = "Member"
    """What the program calls one person that it covers."""
    people: Line = "Members"
    """The same for several of them."""
    place: Line = "facility or clinic"
    """What the program calls where a provider works."""
    request: Line = "authorization request"
    """What providers ask the program for."""
    code_name: Line = "Provider Registration Code"
    """What the program calls its registration code."""
    number_name: Line = "NPI"
    """What the program calls the number that names a provider."""
    preferences: Line = "Preferences"
    """What the entry for one's own settings is called."""
    help: Line = "Help"
    """What the entry for help is called."""


class TermsParty(Section):
    """With whom the user agrees."""

    legal_name: Line
    """The full legal name."""
    address: Text
    """As it stands on an envelope, on several lines."""
    phones: tuple[Line, ...] = ()
    """Numbers with what they are, such as Phone 804-555-0150."""
    web: Url | None = None
    """The party's own site."""


class TermsVersion(Section):
    """One version of the terms of use. Once in effect it is never edited, only superseded."""

    version: Line
    """A name that no other version has, such as 2 or 2027-01."""
    effective_on: date
    """From this day on it is what people accept."""
    party: TermsParty
    """With whom the user agrees."""
    text: Paragraphs = Field(min_length=1)
    """The whole text. Empty lines part its paragraphs."""
    reaccept: YesNo = True
    """Whether people who accepted an earlier version are asked again."""


def _told_apart(versions: tuple[TermsVersion, ...]) -> tuple[TermsVersion, ...]:
    if len({terms.version for terms in versions}) != len(versions):
        raise ValueError("Two versions of the terms have the same version name.")
    if len({terms.effective_on for terms in versions}) != len(versions):
        raise ValueError("Two versions of the terms take effect on the same day.")
    return versions


def _within_calendars(moment: datetime) -> datetime:
    """Refuse a moment that is in no year of Python's in another time zone."""
    if moment.year not in range(MINYEAR + 1, MAXYEAR):
        raise ValueError(f"The year must be from {MINYEAR + 1} to {MAXYEAR - 1}.")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_within_calendars)]


class Notice(Section):
    """A banner on every page of the contract between two moments."""

    text: Text
    """What the banner says."""
    from_at: Moment
    """When it appears."""
    until_at: Moment
    """When it goes away."""

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
    """The rule that this contract does not keep, such as accounts.password_classes."""
    reason: Text
    """Why the program needs it, and who has agreed."""
    until: date
    """The last day. Nothing is published after it until the waiver is renewed or the policy
    mended."""


class ContractDocument(PolicySections):
    """The whole configuration of one contract."""

    contract: ContractSection
    """What the program is called, whose it is, and when it is open."""
    hosts: HostsSection = HostsSection()
    """The domain names under which the contract's pages stand."""
    brand: BrandSection
    """Names, color and sender: what the contract's pages and mails look like."""
    support: tuple[SupportContact, ...] = Field(min_length=1, max_length=MOST_ENTRIES)
    """Whom people can ask. The first contact is the one that is shown where there is room for one
    only."""
    vocabulary: VocabularySection = VocabularySection()
    """The program's own words for the same things."""
    registration: RegistrationSection
    """Who may register, with what, and what the pages of the registration say."""
    profile: ProfileSection = ProfileSection()
    """What people tell of themselves, and what an admin tells of somebody whom they add."""
    groups: GroupsSection = GroupsSection()
    """How the providers' own administrators run their groups."""
    staff: ContractStaffSection = ContractStaffSection()
    """Where the state's own staff sign in."""
    publishing: PublishingSection = PublishingSection()
    """How this document itself is published."""
    terms: Annotated[tuple[TermsVersion, ...], AfterValidator(_told_apart)] = Field(
        min_length=1, max_length=MOST_ENTRIES
    )
    """What people agree to. A version that is in effect is never edited, only superseded by a newer
    one."""
    notices: tuple[Notice, ...] = Field(default=(), max_length=MOST_ENTRIES)
    """Banners that are published with the document. What has to be said at once is published under
    Notices, without a revision."""
    channels: ContractChannelsSection = ContractChannelsSection()
    """What mails, texts and calls may cost in a month."""
    modules: tuple[Module, ...] = ("registration",)
    """The parts of the portal that the contract has."""
    waivers: tuple[Waiver, ...] = Field(default=(), max_length=MOST_ENTRIES)
    """Where this contract is weaker than the safer default: each point with its reason and its last
    day."""

    def current_terms(self, on: date) -> TermsVersion:
        """Return the version in effect on a day; before any is, the first one."""
        in_order = sorted(self.terms, key=lambda terms: terms.effective_on)
        begun = [terms for terms in in_order if terms.effective_on <= on]
        return begun[-1] if begun else in_order[0]

    def notices_at(self, at: datetime) -> tuple[Notice, ...]:
        """Return the banners that are on the pages at this moment."""
        return tuple(notice for notice in self.notices if notice.is_shown(at))
