"""Invite many: a file of new users, checked first and invited in the background."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.common.models import UUIDModel
from core.groups.models.invitations import Invitation


class InvitationBatch(UUIDModel):
    """One file that an admin has sent. Until `started_at` it has changed nothing.

    `host` is where the admin was, and where the links lead to. `moved_at` is when the last rows
    were done: a batch that stands still is taken up again (`tasks.take_up_batches`). `entered` are
    the contracts whose sign-in rules the admin's session met when they started it. The batch goes
    with its rows some time after its end (`services.purging`).
    """

    uploaded_by = models.UUIDField(db_index=True)
    uploaded_at = models.DateTimeField()
    file_name = models.CharField(max_length=100)
    host = models.CharField(max_length=254, blank=True)
    started_at = models.DateTimeField(null=True)
    entered = ArrayField(models.UUIDField(), default=list, db_default=[])
    moved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(started_at__isnull=False),
                name="invitation_batch_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(started_at__isnull=True) ^ models.Q(moved_at__isnull=False),
                name="invitation_batch_moves_once_started",
            ),
        ]

    def __str__(self) -> str:
        return f"batch of invitations, {self.file_name}"


class BatchRow(models.Model):
    """One new user of a file: what to invite, or the problem that keeps it from being one.

    `number` counts as a spreadsheet does. `invitee` holds the fields of
    `services.invitations.Invitee`; a row with a problem keeps none of them but what the report
    names it by.
    """

    batch = models.ForeignKey(InvitationBatch, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    email = models.CharField(max_length=254, blank=True)
    username = models.CharField(max_length=60, blank=True)
    invitee = models.JSONField(default=dict)
    providers = ArrayField(models.UUIDField(), default=list)
    role = models.CharField(max_length=20, blank=True)
    column = models.CharField(max_length=40, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    invitation = models.ForeignKey(
        Invitation, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    done_at = models.DateTimeField(null=True)

    WAITING: ClassVar = models.Q(done_at__isnull=True, problem="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "number"], name="batch_row_once"),
            models.CheckConstraint(
                condition=models.Q(invitation__isnull=True) | models.Q(done_at__isnull=False),
                name="batch_row_invites_when_done",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["batch", "number"],
                condition=models.Q(done_at__isnull=True, problem=""),
                name="batch_row_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"row {self.number}"
