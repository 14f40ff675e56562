"""The one-time choice of a factor."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel
from core.mfa.models.challenges import Challenge


class MfaMethod(models.TextChoices):
    """What the person chose on the Login method page."""

    PHONE = "phone", "Phone"
    EMAIL = "email", "E-mail"
    TOTP = "totp", "Authenticator app"
    PASSKEY = "passkey", "Passkey"


class MfaRegistration(UUIDModel):
    """One run through the choice and the proof of a factor.

    Everything that the pages know is here; the session holds the id alone. `source_kind` and
    `source_id` name whose it is (a pending registration, an account); the source is asked through
    `core.mfa.registering.sources`. `account_epoch` is the account's security epoch at the
    beginning, where it exists already. `email_is_fixed` says that the address was proven before and
    may not be changed here, because a password alone led here. What is personal or secret is wiped
    when the row is completed or closed.
    """

    WIPED: ClassVar[dict[str, str]] = {"email": "", "phone": "", "password_hash": ""}

    source_kind = models.CharField(max_length=30)
    source_id = models.UUIDField()
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    method = models.CharField(max_length=20, choices=MfaMethod, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    email_is_fixed = models.BooleanField(default=False)
    email_challenge = models.ForeignKey(
        Challenge, null=True, on_delete=models.PROTECT, related_name="+"
    )
    email_verified_at = models.DateTimeField(null=True)
    password_hash = models.CharField(max_length=256, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    phone_challenge = models.ForeignKey(
        Challenge, null=True, on_delete=models.PROTECT, related_name="+"
    )
    phone_verified_at = models.DateTimeField(null=True)
    totp_verified_at = models.DateTimeField(null=True)
    passkey_verified_at = models.DateTimeField(null=True)
    account_epoch = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    account_id = models.UUIDField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["source_kind", "source_id"], name="mfa_registration_source")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True, account_id__isnull=True)
                | models.Q(completed_at__isnull=False, account_id__isnull=False),
                name="mfa_registration_completes_an_account",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True) | models.Q(closed_at__isnull=True),
                name="mfa_registration_completes_or_closes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_id}"
