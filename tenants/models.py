"""Contracts, the hosts that name them, and the immutable revisions of their configuration."""

from typing import ClassVar

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from core.common.models import UUIDModel


class ContractState(models.TextChoices):
    """How far a contract has come; it is routable in READY alone."""

    PROVISIONING = "provisioning", "Being provisioned"
    READY = "ready", "Ready"
    SUSPENDED = "suspended", "Suspended"


class Contract(UUIDModel, TenantMixin):
    """A state program that runs its own portal: the tenant."""

    slug = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    state = models.CharField(
        max_length=20, choices=ContractState, default=ContractState.PROVISIONING
    )
    revision = models.ForeignKey(
        "tenants.ContractRevision", null=True, on_delete=models.PROTECT, related_name="+"
    )
    policy_epoch = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True)

    # Saving a tenant would otherwise migrate inside the request.
    auto_create_schema = False
    auto_drop_schema = False

    def __str__(self) -> str:
        return self.slug


class HostKind(models.TextChoices):
    """What a host does for its contract."""

    PRIMARY = "primary", "Primary"
    ALIAS = "alias", "Alias"
    REDIRECT = "redirect", "Redirects to the primary host"


class Host(UUIDModel, DomainMixin):
    """A host name that is a branded front door of one contract."""

    kind = models.CharField(max_length=10, choices=HostKind, default=HostKind.PRIMARY)

    def __str__(self) -> str:
        return str(self.domain)


class ContractRevision(UUIDModel):
    """One published document of a contract, never changed afterwards."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    base_number = models.PositiveIntegerField(null=True)
    published_at = models.DateTimeField()
    published_by = models.UUIDField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "number"], name="contract_revision_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} revision {self.number}"


class DeploymentRevision(UUIDModel):
    """One applied document of the deployment, never changed afterwards."""

    number = models.PositiveIntegerField(unique=True)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    base_number = models.PositiveIntegerField(null=True)
    published_at = models.DateTimeField()
    published_by = models.UUIDField(null=True)
    note = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"deployment revision {self.number}"
