"""Links that begin the MFA registration of an account that exists already."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class LinkReason(models.TextChoices):
    """Why a link was mailed."""

    REQUESTED = "requested", "Asked for under the username"
    RESET = "reset", "Registration reset by an administrator"


class RegistrationLink(UUIDModel):
    """The newest link of an account; an older one is overwritten and thereby dead.

    The token is not stored: `token_digest` is its keyed digest, made when the mail is handed over.
    `security_epoch` is the account's then: a change of password or address kills the link.
    """

    user = models.OneToOneField(
        "core_accounts.User", on_delete=models.PROTECT, related_name="registration_link"
    )
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=20, choices=LinkReason)
    token_digest = models.BinaryField(max_length=32, unique=True)
    key_version = models.PositiveSmallIntegerField()
    security_epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")),
                name="registration_link_has_a_life",
            )
        ]

    def __str__(self) -> str:
        return f"link of {self.user_id}"
