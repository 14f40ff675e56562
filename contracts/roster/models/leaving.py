"""Registered providers whose entry is not on the roster any more."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tenants.scoping import ContractModel


class LeavingProvider(ContractModel):
    """A registered provider whose entry left the roster or ended, from then until it is back.

    `provider` is the id of a shared row. Its admins were told at `told_at`; `over_at` is when the
    entry was back, or the provider given up.
    """

    provider = models.UUIDField()
    told_at = models.DateTimeField()
    suspends_at = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider"], condition=Q(over_at=None), name="leaving_provider_once"
            ),
            models.CheckConstraint(
                condition=Q(suspended_at=None) | Q(suspended_at__gte=F("told_at")),
                name="leaving_provider_is_told_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} leaves"
