"""The entries of a roster, their issued codes, and the imports that made it what it is."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Upper

from core.common.identifiers import IdentifierType
from tenants.scoping import ContractModel


class RosterImport(ContractModel):
    """One roster file that was read, taken or refused as a whole."""

    application_may: ClassVar = ("SELECT", "INSERT")

    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    """SHA-256 of the file, in hexadecimal."""
    read_at = models.DateTimeField()
    read_by = models.UUIDField(null=True)
    applied = models.BooleanField()
    rows = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    changes = models.UUIDField(null=True)
    """The set of its changes (`RosterChange`), as long as it is kept."""
    reason = models.CharField(max_length=300, blank=True)
    goes_back = models.UUIDField(null=True)
    """The import before which the roster is again as it was; empty for a file."""

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(applied=False) | Q(rejected=0), name="roster_import_whole_or_not"
            )
        ]
        ordering: ClassVar = ["-read_at"]

    def __str__(self) -> str:
        return f"{self.file_name} of {self.read_at:%Y-%m-%d}"


class RosterEntry(ContractModel):
    """A provider (or, where the unit is the location, one location of it) that may register.

    The row keeps its id from import to import as long as its unit key stays, and stays itself
    when a later roster leaves it out: providers, codes and evidence name it.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    unit_key = models.CharField(max_length=64, unique=True)
    """The normalized identifier; for the unit `location` a digest of identifier and address."""
    identifier = models.CharField(max_length=64, blank=True)
    identifier_type = models.CharField(
        max_length=20, choices=[(kind.value, kind.name) for kind in IdentifierType]
    )
    code = models.CharField(max_length=64, blank=True)
    """The program's own number. Issued codes are never here: see IssuedCode."""
    name = models.CharField(max_length=200)
    provider_type = models.CharField(max_length=100, blank=True)
    address_1 = models.CharField(max_length=200, blank=True)
    address_2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip = models.CharField(max_length=10, blank=True)
    phone = models.CharField(max_length=12, blank=True)
    fax = models.CharField(max_length=12, blank=True)
    notice_email = models.EmailField(blank=True)
    remittance_on = models.DateField(null=True)
    remittance_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    removed_at = models.DateTimeField(null=True)
    """When an import left the entry out; empty while it is on the roster."""

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(identifier_type__in=[kind.value for kind in IdentifierType]),
                name="roster_entry_identifier_type",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="roster_entry_starts_before_it_ends",
            ),
            models.CheckConstraint(
                condition=~Q(identifier="") | Q(identifier_type=IdentifierType.PROGRAM_ID.value),
                name="roster_entry_is_named",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["identifier"], name="roster_entry_identifier"),
            # In the order of bytes, so that they serve a beginning as well, whatever the database's
            # own order is (`entries.finding`).
            models.Index(
                Collate(Upper("name"), "C"),
                "id",
                condition=Q(removed_at=None),
                name="roster_entry_by_name",
            ),
            models.Index(
                Collate(Upper("city"), "C"),
                Collate(Upper("name"), "C"),
                "id",
                condition=Q(removed_at=None),
                name="roster_entry_by_city",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IssuedCode(ContractModel):
    """A secret registration code of one entry: a digest of it, its life and its uses."""

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    entry = models.ForeignKey(RosterEntry, on_delete=models.PROTECT, related_name="issued_codes")
    digest = models.BinaryField(max_length=32)
    fingerprint = models.BinaryField(max_length=32, null=True)
    """The pair's digest in the shared index, kept because the code itself is not."""
    key_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    max_uses = models.PositiveSmallIntegerField()
    uses = models.PositiveSmallIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True)

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry", "digest"], name="issued_code_once"),
            models.CheckConstraint(
                condition=Q(uses__lte=F("max_uses")), name="issued_code_uses_within_limit"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="issued_code_has_a_life"
            ),
        ]

    def __str__(self) -> str:
        return f"Code of {self.entry_id}"
