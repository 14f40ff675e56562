"""What people have checked by hand before a program goes live."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class GoLiveTick(UUIDModel):
    """That somebody vouches for one line of a contract's list, until somebody takes it back."""

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40)
    ticked_by = models.UUIDField()
    ticked_at = models.DateTimeField()
    taken_back_by = models.UUIDField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "item"],
                condition=models.Q(taken_back_at=None),
                name="go_live_tick_once",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back_at=None, taken_back_by=None)
                | models.Q(taken_back_at__isnull=False, taken_back_by__isnull=False),
                name="go_live_tick_taken_back_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} of {self.contract_id}"
