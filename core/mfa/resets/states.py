"""The steps of a password reset: which one is pending follows from what is proven."""

from dataclasses import dataclass
from enum import StrEnum


class ResetStep(StrEnum):
    """What comes next."""

    CODE = "code"
    FACTOR = "factor"
    PRESENT_PASSWORD = "present_password"  # noqa: S105
    NEW_PASSWORD = "new_password"  # noqa: S105


@dataclass(frozen=True)
class ResetFacts:
    """What is proven, and what the account is.

    `has_own_factor`: something besides the e-mail address that the code went to. `is_shut`: the
    account is locked, or closed because nobody used it; the end of the run opens it.
    """

    email_is_proven: bool
    has_own_factor: bool
    factor_is_proven: bool
    is_shut: bool
    password_is_proven: bool


def pending_reset_step(facts: ResetFacts) -> ResetStep:
    """Return the step that is pending. docs/adr/0013.

    The account's own factor is never skipped. An account that has none but its address, and is
    locked or closed, proves its present password in its place: otherwise the mailbox alone would
    open what wrong codes and passwords, or long disuse, have closed.
    """
    if not facts.email_is_proven:
        return ResetStep.CODE
    if facts.has_own_factor and not facts.factor_is_proven:
        return ResetStep.FACTOR
    if facts.is_shut and not facts.has_own_factor and not facts.password_is_proven:
        return ResetStep.PRESENT_PASSWORD
    return ResetStep.NEW_PASSWORD
