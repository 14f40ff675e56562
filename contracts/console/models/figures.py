"""What a contract's figures were, day by day."""

from typing import ClassVar

from django.db import models
from django.db.models import F

from core.common.models import UUIDModel


class DailyFigures(UUIDModel):
    """The figures of one contract at the end of one day of its own. Never changed afterwards."""

    application_may: ClassVar = ("SELECT", "INSERT")

    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    entries = models.PositiveIntegerField()
    registered = models.PositiveIntegerField()
    begun = models.PositiveIntegerField()
    users = models.PositiveIntegerField()
    unreachable = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "on"], name="daily_figures_once"),
            models.CheckConstraint(
                condition=models.Q(entries__gte=F("registered") + F("begun")),
                name="daily_figures_within_the_roster",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} on {self.on}"

    @property
    def never(self) -> int:
        """Return how many entries nobody has begun to register."""
        return self.entries - self.registered - self.begun
