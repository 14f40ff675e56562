"""The data of a contract as files that somebody asked for on a page."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from core.common.models import UUIDModel

ONE_AT_WORK: Final = "data_export_one_is_at_work"
"""The constraint by the name that the database reports."""


class ExportState(models.TextChoices):
    """How far an export is."""

    WORKING = "working", "Being made"
    READY = "ready", "Ready"
    FAILED = "failed", "Could not be made"
    DELETED = "deleted", "Deleted"
    EXPIRED = "expired", "Deleted when its time was over"


class DataExport(UUIDModel):
    """A contract's data that somebody asked for, and how far its file is (adr/0044)."""

    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=ExportState, default=ExportState.WORKING)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    """When a worker was last at it."""
    runs = models.PositiveSmallIntegerField(default=0)
    """How often a worker has begun it; the last one alone goes on."""
    tables = models.PositiveSmallIntegerField(default=0)
    """How many tables are written."""
    rows = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    """Bytes of the file so far."""
    sha256 = models.CharField(max_length=64, blank=True)
    """Of the whole file, in hexadecimal; once it is ready."""
    ready_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract"], condition=Q(state=ExportState.WORKING), name=ONE_AT_WORK
            ),
            models.CheckConstraint(
                condition=Q(state__in=ExportState.values), name="data_export_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ExportState.WORKING, ExportState.READY])
                ^ Q(ended_at__isnull=False),
                name="data_export_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=ExportState.READY) | Q(ready_at__isnull=False) & ~Q(sha256=""),
                name="data_export_ready_has_a_checksum",
            ),
        ]
        ordering: ClassVar = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"data of {self.contract_id}, {self.state}"


class DataExportPiece(models.Model):
    """A piece of an export's file, sealed. Those of a run that was lost go with the next one."""

    export = models.ForeignKey(DataExport, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export", "number"], name="data_export_piece_once")
        ]

    def __str__(self) -> str:
        return f"piece {self.number}"
