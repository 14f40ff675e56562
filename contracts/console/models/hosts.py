"""What was found at a host when it was asked: one row for each answer, as long as it stays."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class HostFinding(models.TextChoices):
    """What a host turned out to be."""

    READY = "ready", "Leads here"
    NO_NAME = "no_name", "Has no address"
    INSIDE = "inside", "Has an address that is not public"
    UNREACHABLE = "unreachable", "Nobody answers"
    CERTIFICATE = "certificate", "Its certificate is not good"
    ELSEWHERE = "elsewhere", "Leads elsewhere"


class HostRole(models.TextChoices):
    """What a host is for."""

    PORTAL = "portal", "Serves all contracts"
    PRIMARY = "primary", "The contract's own host"
    ALIAS = "alias", "Shows the same pages"
    REDIRECT = "redirect", "Old host, redirects"


class HostCheck(UUIDModel):
    """That checks of a host found the same from `first_at` to `last_at`.

    The next other finding ends it (`ended_at`) and begins another row. `detail` is a word of ours;
    `address` is where the name led, and is kept of public addresses only.
    """

    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    host = models.CharField(max_length=253)
    role = models.CharField(max_length=10, choices=HostRole)
    finding = models.CharField(max_length=15, choices=HostFinding)
    detail = models.CharField(max_length=20, blank=True)
    address = models.GenericIPAddressField(null=True)
    certificate_ends_at = models.DateTimeField(null=True)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["host"], condition=models.Q(ended_at=None), name="host_check_one_present"
            ),
            models.CheckConstraint(
                condition=models.Q(finding__in=HostFinding.values), name="host_check_finding"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=HostRole.values), name="host_check_role"
            ),
            models.CheckConstraint(
                condition=models.Q(first_at__lte=models.F("last_at")),
                name="host_check_first_before_last",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["host", "-first_at"], name="host_check_history")]

    def __str__(self) -> str:
        return f"{self.host}: {self.finding}"

    @property
    def is_ready(self) -> bool:
        """Tell whether it was found to be what it should be."""
        return self.finding == HostFinding.READY
