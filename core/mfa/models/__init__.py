"""Factors, one-time codes, remembered browsers and the one-time choice of a factor."""

from core.mfa.models.authenticators import (
    Passkey,
    PasskeyCeremony,
    RecoveryCode,
    Totp,
    TotpEnrolment,
)
from core.mfa.models.browsers import RememberedBrowser
from core.mfa.models.challenges import AttemptCount, Challenge, Channel
from core.mfa.models.changes import ChangeKind, ContactChange
from core.mfa.models.factors import STRONGER, Factor, FactorKind
from core.mfa.models.help_requests import HelpKind, HelpRequest
from core.mfa.models.invitations import MailedInvitation, invitation_constraints
from core.mfa.models.links import LinkReason, RegistrationLink
from core.mfa.models.registrations import MfaMethod, MfaRegistration
from core.mfa.models.resets import PasswordReset

__all__ = [
    "STRONGER",
    "AttemptCount",
    "Challenge",
    "ChangeKind",
    "Channel",
    "ContactChange",
    "Factor",
    "FactorKind",
    "HelpKind",
    "HelpRequest",
    "LinkReason",
    "MailedInvitation",
    "MfaMethod",
    "MfaRegistration",
    "Passkey",
    "PasskeyCeremony",
    "PasswordReset",
    "RecoveryCode",
    "RegistrationLink",
    "RememberedBrowser",
    "Totp",
    "TotpEnrolment",
    "invitation_constraints",
]
