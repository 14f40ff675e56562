"""What was told to people about accounts that nobody uses."""

from typing import ClassVar

from django.db import models

from core.accounts.models.accounts import User
from core.common.models import UUIDModel


class InactivityWarning(UUIDModel):
    """That an owner was warned, once for each configured day of one time without use.

    `since` is when the account was used last: the next use begins another time, with warnings of
    its own. `days` is the day of the warning, as in `accounts.inactivity_warn_days`.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    days = models.PositiveIntegerField()
    warned_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "since", "days"], name="inactivity_warning_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"day {self.days} of {self.user_id}"
