"""Requests for help by people who cannot sign in."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class HelpKind(models.TextChoices):
    """What somebody needs help with."""

    LOST_PHONE = "lost_phone", "Phone lost or changed"
    LOCKED = "locked", "Account locked"
    INACTIVE = "inactive", "Account not active"
    FORGOTTEN_ADDRESS = "forgotten_address", "E-mail address forgotten"
    NO_ADMIN = "no_admin", "Nobody knows the administrator"
    TAKEN_OVER = "taken_over", "Somebody else changed the account"


class HelpRequest(UUIDModel):
    """A request to the help desk.

    `reference` is what the person is told, to name it on the phone. What was typed is sealed for
    this row (`core.mfa.services.help_requests.facts_of`): anybody may type anything here, also
    about others. `account` is whose account it seems to be, and is nobody's proof; the person is
    never told whether there is one. Staff close it with what came of it.
    """

    reference = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=30, choices=HelpKind)
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    account = models.ForeignKey(
        "core_accounts.User", null=True, on_delete=models.PROTECT, related_name="+"
    )
    is_signed_in = models.BooleanField()
    caller_digest = models.BinaryField(max_length=32)
    named_digest = models.BinaryField(max_length=32)
    sealed_facts = models.BinaryField(max_length=12_000)
    requested_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    outcome = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["caller_digest", "requested_at"], name="help_request_by_caller"),
            models.Index(fields=["named_digest", "requested_at"], name="help_request_by_name"),
            models.Index(
                fields=["contract", "requested_at"],
                condition=models.Q(closed_at__isnull=True),
                name="help_request_open",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=HelpKind.values), name="help_request_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, closed_by__isnull=True, outcome="")
                | (models.Q(closed_at__isnull=False) & ~models.Q(outcome="")),
                name="help_request_is_closed_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
