"""The policy sections of a document: account rules, codes, sessions and links.

The defaults are the safer default preset for a new contract. Each field declares how the values of
several contracts merge to the strictest one; `merge.py` reads that and nothing else.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tenants.configuration.values import Merge, OrNone, Policy, Section, WholeNumber

PasswordClass = Literal["upper", "lower", "digit", "special"]
Method = Literal["phone", "email", "totp", "passkey"]
VoiceConfirmation = Literal["press_pound", "digits_on_screen"]

LONGEST_CODE_LIFE = 600
"""No code lives longer than ten minutes, whatever a document says."""
MOST_LOCK_FAILURES = 20
"""No lock waits for more failures; as many moments are kept for an account."""


class AccountsSection(Section):
    """Passwords, the lock after failures, and accounts that nobody uses."""

    password_min_length: Annotated[
        WholeNumber, Field(ge=8, le=64), Policy(merge=Merge.HIGHEST, unit="characters")
    ] = 15
    """The fewest characters that a password may have."""
    password_classes: Annotated[
        tuple[PasswordClass, ...],
        Policy(merge=Merge.UNION, order=("upper", "lower", "digit", "special")),
    ] = ()
    """Kinds of character that each password needs. Standards advise against asking for any."""
    lock_failures: Annotated[
        WholeNumber,
        Field(ge=1, le=MOST_LOCK_FAILURES),
        Policy(merge=Merge.LOWEST, unit="failures"),
    ] = 5
    """After so many wrong passwords or codes the account is locked."""
    lock_window_minutes: Annotated[
        Annotated[WholeNumber, Field(ge=1, le=10_080)] | None,
        OrNone,
        Policy(merge=Merge.HIGHEST_OR_NONE, unit="minutes"),
    ] = 120
    """Failures count together within any stretch of this length; "none": since the last success."""
    lock_hold_minutes: Annotated[
        Annotated[WholeNumber, Field(ge=1, le=10_080)] | None,
        OrNone,
        Policy(merge=Merge.HIGHEST_OR_NONE, unit="minutes"),
    ] = 60
    """How long a lock holds; "none": until an admin unlocks."""
    inactivity_days: Annotated[
        WholeNumber, Field(ge=7, le=730), Policy(merge=Merge.LOWEST, unit="days")
    ] = 60
    """After so many days without a sign-in the account is closed until its owner opens it again."""
    inactivity_warn_days: Annotated[
        tuple[Annotated[WholeNumber, Field(ge=1, le=730)], ...],
        Policy(merge=Merge.UNION, unit="days"),
    ] = (45, 55)
    """After so many days without a sign-in its owner is warned by mail."""

    @model_validator(mode="after")
    def _warnings_come_before_the_end(self) -> Self:
        if any(day >= self.inactivity_days for day in self.inactivity_warn_days):
            raise ValueError("inactivity_warn_days must all be smaller than inactivity_days.")
        return self


class CodePolicy(Section):
    """The lives of one-time codes and how they are answered: the part of `mfa` that merges."""

    email_code_seconds: Annotated[
        WholeNumber, Field(ge=15, le=LONGEST_CODE_LIFE), Policy(merge=Merge.LOWEST, unit="seconds")
    ] = 300
    """Life of a sign-in code by e-mail, from hand-over to the mail server."""
    verify_email_code_seconds: Annotated[
        WholeNumber, Field(ge=15, le=LONGEST_CODE_LIFE), Policy(merge=Merge.LOWEST, unit="seconds")
    ] = 300
    """Life of a code that proves an e-mail address in MFA registration and resets."""
    sms_code_seconds: Annotated[
        WholeNumber, Field(ge=15, le=LONGEST_CODE_LIFE), Policy(merge=Merge.LOWEST, unit="seconds")
    ] = 300
    """Life of a code by text message."""
    voice_code_seconds: Annotated[
        WholeNumber, Field(ge=15, le=LONGEST_CODE_LIFE), Policy(merge=Merge.LOWEST, unit="seconds")
    ] = 300
    """Life of a code by call."""
    attempts: Annotated[
        WholeNumber, Field(ge=1, le=10), Policy(merge=Merge.LOWEST, unit="attempts")
    ] = 3
    """Wrong answers that use a code up."""
    voice_confirmation: Annotated[
        VoiceConfirmation,
        Policy(merge=Merge.LAST_OF_ORDER, order=("press_pound", "digits_on_screen")),
    ] = "digits_on_screen"
    """How a call is confirmed: by pressing #, or by typing the digits that the page shows, which is
    safer."""
    remember_hours: Annotated[
        WholeNumber, Field(ge=0, le=24), Policy(merge=Merge.LOWEST, unit="hours")
    ] = 0
    """How long a remembered browser skips the sign-in; 0: browsers are not remembered."""


class MfaSection(CodePolicy):
    """The second factor. Methods never merge: each contract looks at what a session used."""

    methods: tuple[Method, ...] = Field(default=("totp", "passkey", "phone"), min_length=1)
    """The second factors that people may choose from. Authenticator apps and passkeys are the
    strongest."""
    admin_methods: tuple[Method, ...] = ()
    """Which of the methods are accepted of people who administer providers; empty: all of them."""

    @model_validator(mode="after")
    def _admin_methods_are_methods(self) -> Self:
        if not set(self.admin_methods) <= set(self.methods):
            raise ValueError("admin_methods must all be among methods.")
        return self

    def accepted_of(self, *, admin: bool) -> tuple[Method, ...]:
        """Return the methods that are accepted of somebody, admin of providers or not."""
        return (self.admin_methods or self.methods) if admin else self.methods


class SessionsSection(Section):
    """How long a person stays signed in."""

    idle_minutes: Annotated[
        WholeNumber, Field(ge=5, le=480), Policy(merge=Merge.LOWEST, unit="minutes")
    ] = 15
    """After so long without a click people are signed out."""
    absolute_hours: Annotated[
        WholeNumber, Field(ge=1, le=24), Policy(merge=Merge.LOWEST, unit="hours")
    ] = 12
    """After so long they are signed out in any case."""
    warning_seconds: Annotated[
        WholeNumber, Field(ge=20, le=240), Policy(merge=Merge.HIGHEST, unit="seconds")
    ] = 120
    """How long before an idle session ends the page warns (WCAG 2.2.1: at least 20 seconds)."""


class LinksSection(Section):
    """How long links in mails live, and how long an open registration holds its identifier."""

    registration_minutes: Annotated[
        WholeNumber, Field(ge=5, le=1440), Policy(merge=Merge.LOWEST, unit="minutes")
    ] = 20
    """The link that completes a registration."""
    invitation_hours: Annotated[
        WholeNumber, Field(ge=1, le=336), Policy(merge=Merge.LOWEST, unit="hours")
    ] = 48
    """The link by which an administrator adds a user."""
    reset_minutes: Annotated[
        WholeNumber, Field(ge=5, le=1440), Policy(merge=Merge.LOWEST, unit="minutes")
    ] = 20
    """The link of Forgot your password?"""
    reset_registration_hours: Annotated[
        WholeNumber, Field(ge=1, le=336), Policy(merge=Merge.LOWEST, unit="hours")
    ] = 48
    """The link that begins the MFA registration anew."""
    reservation_hours: Annotated[
        WholeNumber, Field(ge=1, le=168), Policy(merge=Merge.LOWEST, unit="hours")
    ] = 24
    """For how long a registration that was begun keeps its provider and username for itself."""


class PolicySections(Section):
    """The sections whose fields say how strict a contract is."""

    accounts: AccountsSection = AccountsSection()
    """Passwords, the lock after failures, and accounts that nobody uses."""
    mfa: MfaSection = MfaSection()
    """The second factor that people prove, and how long its codes live."""
    sessions: SessionsSection = SessionsSection()
    """How long a person stays signed in."""
    links: LinksSection = LinksSection()
    """How long links in mails live."""
