"""An address or a phone number that an account is about to get."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel
from core.mfa.models.challenges import Challenge


class ChangeKind(models.TextChoices):
    """What is changed."""

    EMAIL = "email", "E-mail address"
    PHONE = "phone", "Phone number"


class ContactChange(UUIDModel):
    """One run from a new address or number to its proof.

    Bound to the sign-in that began it and to the account's security epoch then: any other change
    of the account ends it. The key stands in the page's address, so that two tabs never mix two
    of them. `destination` is wiped at the end.
    """

    WIPED: ClassVar[dict[str, str]] = {"destination": ""}

    account = models.ForeignKey("core_accounts.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=ChangeKind)
    destination = models.CharField(max_length=254, blank=True)
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    sign_in = models.UUIDField()
    security_epoch = models.PositiveIntegerField()
    challenge = models.ForeignKey(Challenge, null=True, on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="contact_change_age")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "kind"],
                condition=models.Q(completed_at__isnull=True, closed_at__isnull=True),
                name="contact_change_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True) | models.Q(closed_at__isnull=True),
                name="contact_change_completes_or_closes",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("began_at")),
                name="contact_change_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id}"
