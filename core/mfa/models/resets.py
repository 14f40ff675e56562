"""Forgotten passwords."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel
from core.mfa.models.challenges import Challenge


class PasswordReset(UUIDModel):
    """One run through Forgot password: the address, the account's own factor, the new password.

    Everything that the pages know is here; the session holds the id alone. An address that is
    nobody's has a row, too, without an account, and gets no further than its code. `security_epoch`
    is the account's at the beginning: a change of password or address ends the run. `option`,
    `proof_challenge` and `proof_verified` say how far the proof of the factor has come.
    """

    email = models.EmailField(max_length=254)
    caller_digest = models.BinaryField(max_length=32)
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    account = models.ForeignKey(
        "core_accounts.User", null=True, on_delete=models.PROTECT, related_name="+"
    )
    security_epoch = models.PositiveIntegerField()
    email_challenge = models.ForeignKey(
        Challenge, null=True, on_delete=models.PROTECT, related_name="+"
    )
    email_verified_at = models.DateTimeField(null=True)
    option = models.CharField(max_length=20, blank=True)
    proof_challenge = models.UUIDField(null=True)
    proof_verified = models.BooleanField(default=False)
    factor_method = models.CharField(max_length=20, blank=True)
    factor_proven_at = models.DateTimeField(null=True)
    password_proven_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["caller_digest", "started_at"], name="password_reset_by_caller"),
            models.Index(fields=["started_at"], name="password_reset_age"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("started_at")),
                name="password_reset_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True) | models.Q(closed_at__isnull=True),
                name="password_reset_completes_or_closes",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True)
                | models.Q(account__isnull=False, email_verified_at__isnull=False),
                name="password_reset_completes_what_is_proven",
            ),
            models.CheckConstraint(
                condition=models.Q(factor_method="", factor_proven_at__isnull=True)
                | (~models.Q(factor_method="") & models.Q(factor_proven_at__isnull=False)),
                name="password_reset_factor_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"reset of {self.account_id or 'nobody'}"
