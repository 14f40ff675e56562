"""What a registration was decided on. Kept in the contract's own schema, and never changed."""

from typing import ClassVar

from django.db import models

from tenants.scoping import ContractModel


class EvidenceRecord(ContractModel):
    """Why a provider was registered: rule, way, steps and terms, without a name or a secret.

    `account_id`, `provider_id` and `registration_id` name rows of the shared schema. The
    registration is empty where a signed-in person added the provider to their account. Where the
    contract has staff approve registrations, `approved_by` did, and `confirmed_by` after them.
    """

    application_may: ClassVar = ("SELECT", "INSERT")

    provider_id = models.UUIDField(unique=True)
    account_id = models.UUIDField()
    registration_id = models.UUIDField(null=True)
    roster_entry_id = models.UUIDField(db_index=True)
    issued_code_id = models.UUIDField(null=True)
    family = models.CharField(max_length=30)
    way = models.CharField(max_length=40)
    steps = models.JSONField()
    revision = models.PositiveIntegerField()
    """The number of the configuration revision whose rule decided."""
    decided_at = models.DateTimeField()
    terms_version = models.CharField(max_length=300)
    terms_sha256 = models.CharField(max_length=64)
    terms_accepted_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    approved_by = models.UUIDField(null=True)
    confirmed_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    approval_reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True, approved_at__isnull=True)
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="evidence_approval_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | models.Q(approved_by__isnull=False)
                & ~models.Q(approved_by=models.F("confirmed_by")),
                name="evidence_confirmed_by_another_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.family} {self.way} for {self.provider_id}"
