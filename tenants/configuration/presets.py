"""Named sets of policy values: what a new contract starts from, and what the sources ask for.

Figures: CMS Acceptable Risk Safeguards 5.0 (AC-2, AC-7, AC-11, IA-2), NIST SP 800-63B-4, and the
registration and sign-in guides of the programs. `docs/sources.md` says which is from where.
"""

from typing import Final

from tenants.configuration.policy import (
    AccountsSection,
    LinksSection,
    MfaSection,
    PolicySections,
)

DEFAULT: Final = PolicySections()
"""The safer default: what a new contract starts from, and what a waiver is measured against."""

DOCUMENTED: Final = PolicySections(
    accounts=AccountsSection(
        password_min_length=14,
        password_classes=("upper", "lower", "digit", "special"),
        lock_failures=3,
        lock_window_minutes=None,
        lock_hold_minutes=None,
    ),
    mfa=MfaSection(
        methods=("phone", "email"),
        email_code_seconds=30,
        voice_confirmation="press_pound",
        remember_hours=4,
    ),
)
"""What the documents of the sample programs print."""

CMS_HIGH: Final = PolicySections(
    accounts=AccountsSection(
        lock_failures=3,
        lock_window_minutes=120,
        lock_hold_minutes=None,
        inactivity_days=30,
        inactivity_warn_days=(20, 27),
    ),
    mfa=MfaSection(methods=("totp", "passkey")),
    links=LinksSection(invitation_hours=24),
)
"""For programs that CMS holds to its high baseline."""

PRESETS: Final = {"default": DEFAULT, "documented": DOCUMENTED, "cms-high": CMS_HIGH}
