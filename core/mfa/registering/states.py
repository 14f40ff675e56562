"""The steps of an MFA registration: which one is pending follows from what is there."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """One page each."""

    METHOD = "method"
    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105
    PHONE = "phone"
    APP = "app"
    PASSKEY = "passkey"
    COMPLETE = "complete"


class Progress(Protocol):
    """What the steps are read from."""

    @property
    def method(self) -> str:
        """Return the chosen method, or nothing."""

    @property
    def email_verified_at(self) -> datetime | None:
        """Return when the address was proven."""

    @property
    def password_hash(self) -> str:
        """Return the hash of the password, or nothing."""

    @property
    def phone_verified_at(self) -> datetime | None:
        """Return when the phone was proven."""

    @property
    def totp_verified_at(self) -> datetime | None:
        """Return when the authenticator app was proven by a code."""

    @property
    def passkey_verified_at(self) -> datetime | None:
        """Return when the passkey was made."""


ORDER = (Step.METHOD, Step.EMAIL, Step.PASSWORD)
"""What every method begins with; the last step is the method's own, where it has one."""
LAST_STEPS = {"phone": Step.PHONE, "totp": Step.APP, "passkey": Step.PASSKEY}


def last_step(method: str) -> Step:
    """Return the step that ends the registration of a method."""
    return LAST_STEPS.get(method, Step.PASSWORD)


def pending_step(progress: Progress) -> Step:
    """Return the first step that is not done yet."""
    if not progress.method:
        return Step.METHOD
    if progress.email_verified_at is None:
        return Step.EMAIL
    if not progress.password_hash:
        return Step.PASSWORD
    proven_at = {
        Step.PHONE: progress.phone_verified_at,
        Step.APP: progress.totp_verified_at,
        Step.PASSKEY: progress.passkey_verified_at,
    }
    last = last_step(progress.method)
    return last if last in proven_at and proven_at[last] is None else Step.COMPLETE


def may_visit(progress: Progress, step: Step) -> bool:
    """Tell whether a page may be opened: the pending step, and steps back to change a choice.

    Going back is possible to the choice of method and to the e-mail address (*Change*); a password
    is set once, and what comes later than the pending step is not open yet.
    """
    pending = pending_step(progress)
    if step is pending:
        return True
    if step in {Step.METHOD, Step.EMAIL} and pending is not Step.COMPLETE:
        return pending not in ORDER or ORDER.index(step) < ORDER.index(pending)
    return False
