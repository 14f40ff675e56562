"""Factors: what a person proves a second time with."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class FactorKind(models.TextChoices):
    """What a person proves a second time with."""

    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    TOTP = "totp", "Authenticator app"
    PASSKEY = "passkey", "Passkey"


STRONGER = frozenset({FactorKind.TOTP.value, FactorKind.PASSKEY.value})
"""The kinds that need no message; recovery codes are spares for these."""


class Factor(UUIDModel):
    """A proven factor of an account. The address of an e-mail factor is the account's own."""

    user = models.ForeignKey("core_accounts.User", on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=20, choices=FactorKind)
    phone = models.CharField(max_length=20, blank=True)
    verified_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind"], name="factor_kind_once_per_user"),
            models.CheckConstraint(
                condition=(
                    models.Q(kind=FactorKind.PHONE) & ~models.Q(phone="")
                    | ~models.Q(kind=FactorKind.PHONE) & models.Q(phone="")
                ),
                name="factor_phone_has_a_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"
