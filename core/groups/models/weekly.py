"""The weekly mail of an admin: who wants it, and for which weeks it was made."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class WeeklyMail(UUIDModel):
    """That an admin wants the weekly mail. The row goes when they do not want it any more.

    Its key stands in the mail's link, which therefore ends with it.
    """

    user = models.OneToOneField(
        "core_accounts.User", on_delete=models.PROTECT, related_name="weekly_mail"
    )
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"weekly mail of {self.user_id}"


class WeeklyMailMade(UUIDModel):
    """That a week was looked at for an admin, whether or not there was anything to say.

    `week` is its Monday.
    """

    user = models.ForeignKey("core_accounts.User", on_delete=models.PROTECT, related_name="+")
    week = models.DateField(db_index=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "week"], name="weekly_mail_once_a_week")
        ]

    def __str__(self) -> str:
        return f"week of {self.week}"
