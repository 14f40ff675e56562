"""A roster file on its way in, and what each import changes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, Value

from contracts.roster.uploads.states import AT_WORK, OPEN, UploadState
from tenants.scoping import ContractModel


class RosterUpload(ContractModel):
    """A roster file that somebody sends, or a way back, and how far it is.

    Its id names its set of changes, too.

    `leased_until` and `lease` are the worker's that has it in hand: whoever holds another lease
    writes nothing (`services.runs`). `base` and `revision` say of which roster and which document
    the difference was made.
    """

    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    goes_back = models.UUIDField(null=True)
    """The import before which the roster is to be as it was; then there is no file."""
    state = models.CharField(max_length=10, choices=UploadState)
    sent_by = models.UUIDField(null=True)
    began_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    runs = models.PositiveSmallIntegerField(default=0)
    """How often a worker has begun with what the state asks for."""
    bytes_done = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=1000, blank=True)
    column_problems = models.JSONField(default=list)
    digest = models.CharField(max_length=64, blank=True)
    base = models.CharField(max_length=60, blank=True)
    revision = models.PositiveIntegerField(default=0)
    present = models.PositiveIntegerField(default=0)
    """How many entries the roster had when the difference was made."""
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    made_again = models.BooleanField(default=False)
    """Whether the difference was made anew because the roster or the rule had changed."""
    confirmed_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=UploadState.values), name="roster_upload_state"
            ),
            models.UniqueConstraint(
                Value(1), condition=Q(state__in=OPEN), name="roster_upload_one_is_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN) ^ Q(ended_at__isnull=False),
                name="roster_upload_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None)
                | Q(lease__isnull=False, leased_until__isnull=False, state__in=AT_WORK),
                name="roster_upload_lease_is_a_workers",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[UploadState.SWAPPING, UploadState.APPLIED])
                | Q(rejected=0, problem="", confirmed_by__isnull=False),
                name="roster_upload_swaps_what_was_confirmed",
            ),
        ]
        ordering: ClassVar = ["-began_at"]

    def __str__(self) -> str:
        return f"{self.file_name}, {self.state}"

    @property
    def percent(self) -> int:
        """Return how much of the file has come or was checked, for the progress bar."""
        return min(100, self.bytes_done * 100 // self.size) if self.size else 0


class UploadPart(ContractModel):
    """A piece of a file, sealed: a roster may hold codes that open a registration."""

    application_may: ClassVar = ("SELECT", "INSERT", "DELETE")

    upload = models.ForeignKey(RosterUpload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    """SHA-256 of the piece, in hexadecimal, by which a browser finds again what is there."""
    sealed = models.BinaryField()

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["upload", "number"], name="upload_part_once")
        ]

    def __str__(self) -> str:
        return f"part {self.number}"


class RosterRejection(ContractModel):
    """Why a value of an upload's row cannot be taken. No value of the file stands here."""

    application_may: ClassVar = ("SELECT", "INSERT", "DELETE")

    upload = models.ForeignKey(RosterUpload, on_delete=models.CASCADE, related_name="rejections")
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300)

    class Meta(ContractModel.Meta):
        indexes: ClassVar = [models.Index(fields=["upload", "row"], name="roster_rejection_row")]

    def __str__(self) -> str:
        return f"row {self.row}"


class ChangeKind(models.TextChoices):
    """What an import does with an entry."""

    ADDED = "added", "Added"
    CHANGED = "changed", "Changed"
    RETURNED = "returned", "Back"
    REMOVED = "removed", "Removed"


class RosterChange(ContractModel):
    """What one import does with one entry: the columns of a roster as they become, and `before`.

    `changes` is the upload's id, or one of its own for an import by command. `before` holds the
    former text of those fields alone that become another. A removed entry keeps its columns.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "DELETE")

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]
    changes = models.UUIDField()
    kind = models.CharField(max_length=10, choices=ChangeKind)
    entry = models.UUIDField()
    unit_key = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    identifier = models.CharField(max_length=64)
    identifier_type = models.CharField(max_length=20)
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    provider_type = models.CharField(max_length=100)
    address_1 = models.CharField(max_length=200)
    address_2 = models.CharField(max_length=200)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=2)
    zip = models.CharField(max_length=10)
    phone = models.CharField(max_length=12)
    fax = models.CharField(max_length=12)
    notice_email = models.CharField(max_length=254)
    remittance_on = models.DateField(null=True)
    remittance_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=ChangeKind.values), name="roster_change_kind"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["changes", "kind", "id"], name="roster_change_of_import")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry}"


class StagedCode(ContractModel):
    """A code that a file brings along for an entry, as it is stored once the file is swapped in."""

    application_may: ClassVar = ("SELECT", "INSERT", "DELETE")

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]
    changes = models.UUIDField(db_index=True)
    entry = models.UUIDField()
    digest = models.BinaryField(max_length=32)
    fingerprint = models.BinaryField(max_length=32, null=True)
    key_version = models.PositiveSmallIntegerField()

    class Meta(ContractModel.Meta):
        pass

    def __str__(self) -> str:
        return f"Code of {self.entry}"
