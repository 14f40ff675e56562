"""Remembered browsers."""

from datetime import timedelta
from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel
from core.mfa.models.factors import FactorKind


class RememberedBrowser(UUIDModel):
    """A browser that may sign an account in by one login option, on one host, for some hours.

    The cookie has a random token; here is its keyed digest alone. `security_epoch` and
    `policy_epochs` (contract key to epoch) are those of the sign-in: when one of them has moved,
    or the account works in other contracts, the browser is no longer known.
    """

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="remembered_browsers"
    )
    option = models.CharField(max_length=20, choices=FactorKind)
    host = models.CharField(max_length=260)
    token_digest = models.BinaryField(max_length=32, unique=True)
    key_version = models.PositiveSmallIntegerField()
    security_epoch = models.PositiveIntegerField()
    policy_epochs = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at"))
                & models.Q(expires_at__lte=models.F("created_at") + timedelta(hours=24)),
                name="remembered_browser_lives_a_day_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(option__in=FactorKind.values),
                name="remembered_browser_has_an_option",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.option} of {self.user_id} on {self.host}"
