"""Audit events: append-only, without foreign keys, so that history never holds live data back."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class AuditEvent(UUIDModel):
    """One act or refusal.

    Holds ids in place of names and addresses. `mac` is made by the writer; `chain`, `position`,
    `previous_digest` and `digest` belong to the sealer, which orders events by `transaction_id`
    below the snapshot horizon. The application's database role may insert and read, no more.
    """

    application_may: ClassVar = ("SELECT", "INSERT")

    at = models.DateTimeField(db_index=True)
    event_type = models.CharField(max_length=80, db_index=True)
    result = models.CharField(max_length=40)
    actor_id = models.UUIDField(null=True, db_index=True)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True)
    contract_id = models.UUIDField(null=True, db_index=True)
    request_id = models.CharField(max_length=64, blank=True)
    remote_address = models.CharField(max_length=45, blank=True)
    data = models.JSONField(default=dict)
    transaction_id = models.BigIntegerField()
    key_version = models.PositiveSmallIntegerField()
    mac = models.BinaryField(max_length=32)
    chain = models.CharField(max_length=40, blank=True)
    position = models.BigIntegerField(null=True)
    previous_digest = models.BinaryField(max_length=32, null=True)
    digest = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain", "position"],
                condition=models.Q(position__isnull=False),
                name="audit_position_once_in_chain",
            ),
            models.CheckConstraint(
                condition=models.Q(event_type__regex=r"^[a-z_]+\.[a-z_]+$"),
                name="audit_event_type_is_noun_verb",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_id", "-at", "-id"], name="audit_newest_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.result}"
