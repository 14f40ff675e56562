"""Counts behind the limits on what may be tried."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class LimitCount(UUIDModel):
    """How often something was tried within a window: per address, identifier, username, ….

    `digest` is keyed, so that the table holds no identifier and no address.
    """

    scope = models.CharField(max_length=40)
    digest = models.BinaryField(max_length=32)
    window_ends_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "digest"], name="limit_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.attempts}"
