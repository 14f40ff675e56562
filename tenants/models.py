"""Contracts, the hosts that name them, and the immutable revisions of their configuration."""

from typing import ClassVar

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from core.common.models import UUIDModel
from tenants.logos.models import LogoImage
from tenants.states import ContractState

__all__ = ["LogoImage"]


def schema_name_for(slug: str) -> str:
    """Return the name of the schema that holds a contract's data: `t_a_b` for `a-b`.

    Slugs have no underscores, so two slugs never share a schema.
    """
    return "t_" + slug.replace("-", "_")


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
    schema_migrations = models.JSONField(default=dict, blank=True)
    """The last migration of each app that the contract's schema has; the registry compares it."""
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True)
    state_since = models.DateTimeField(null=True)
    """When somebody last changed the state; empty while nobody has since it was provisioned."""
    public_note = models.CharField(max_length=500, blank=True, default="", db_default="")
    """What visitors are told while it is suspended or closed."""
    back_on = models.DateField(null=True)
    """When a suspended contract is expected back, as visitors are told; nothing happens then."""

    # Saving a tenant would otherwise migrate inside the request.
    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(state=ContractState.READY)
                | models.Q(ready_at__isnull=False, revision__isnull=False),
                name="contract_ready_has_revision",
            ),
            models.CheckConstraint(
                condition=models.Q(schema_name__regex=r"^t_[a-z0-9_]{1,60}$"),
                name="contract_schema_name_form",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class ContractChange(UUIDModel):
    """A change of a contract's state: planned while `done_at` and `ended_at` are empty, then made.

    `public_note` and `back_on` are for visitors, `reason` is for the history. A change that was
    withdrawn, or that could not be made when its time came, ends with `ended_at`. A deletion is
    made only when somebody else has approved it.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="changes")
    to_state = models.CharField(max_length=20, choices=ContractState)
    reason = models.CharField(max_length=500)
    public_note = models.CharField(max_length=500, blank=True)
    back_on = models.DateField(null=True)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    approved_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    OPEN: ClassVar = models.Q(done_at=None, ended_at=None)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract"],
                condition=models.Q(done_at=None, ended_at=None),
                name="contract_change_one_planned",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(ended_at=None),
                name="contract_change_done_or_ended",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(done_at__gte=models.F("due_at")),
                name="contract_change_not_before_due",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None, approved_at=None)
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="contract_change_approval_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None) | ~models.Q(approved_by=models.F("asked_by")),
                name="contract_change_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~models.Q(to_state=ContractState.DELETED)
                | models.Q(done_at=None)
                | models.Q(approved_at__isnull=False),
                name="contract_deletion_is_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} to {self.to_state}"

    @property
    def is_planned(self) -> bool:
        """Whether it is still to be made."""
        return self.done_at is None and self.ended_at is None


class HostKind(models.TextChoices):
    """What a host does for its contract."""

    PRIMARY = "primary", "Primary"
    ALIAS = "alias", "Alias"
    REDIRECT = "redirect", "Redirects to the primary host"


class Host(UUIDModel, DomainMixin):
    """A host name that is a branded front door of one contract."""

    kind = models.CharField(max_length=10, choices=HostKind, default=HostKind.PRIMARY)
    ready_at = models.DateTimeField(null=True)
    """Since when it is known to lead here; links in mails wait for that (adr/0038)."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(kind=HostKind.PRIMARY),
                name="host_one_primary_per_contract",
            )
        ]

    def __str__(self) -> str:
        return str(self.domain)


class ContractRevision(UUIDModel):
    """One published document of a contract; a trigger refuses every change and deletion."""

    application_may: ClassVar = ("SELECT", "INSERT")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    base_number = models.PositiveIntegerField(null=True)
    published_at = models.DateTimeField()
    published_by = models.UUIDField(null=True)
    approved_by = models.UUIDField(null=True)
    """The second person, where there was one."""
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "number"], name="contract_revision_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("published_by")),
                name="contract_revision_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} revision {self.number}"


class DeploymentRevision(UUIDModel):
    """One applied document of the deployment; a trigger refuses every change and deletion."""

    application_may: ClassVar = ("SELECT", "INSERT")

    number = models.PositiveIntegerField(unique=True)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    base_number = models.PositiveIntegerField(null=True)
    published_at = models.DateTimeField()
    published_by = models.UUIDField(null=True)
    note = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"deployment revision {self.number}"


class RegistryEpoch(models.Model):
    """One row that counts publications: processes compare it with what they have in memory."""

    application_may: ClassVar = ("SELECT", "UPDATE")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.BigIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="registry_epoch_single_row")
        ]

    def __str__(self) -> str:
        return str(self.epoch)


class NoticeLevel(models.TextChoices):
    """How a notice looks."""

    INFO = "info", "Information"
    WARNING = "warning", "Warning"


class ContractNotice(UUIDModel):
    """A banner that was published without a revision. Its words and times never change.

    Changing one ends it and publishes another in its place (`replaces`), so that it stays known
    what stood on the pages when.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="notices")
    text = models.CharField(max_length=500)
    level = models.CharField(max_length=10, choices=NoticeLevel)
    link_label = models.CharField(max_length=100, blank=True)
    link_url = models.CharField(max_length=500, blank=True)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.UUIDField()
    replaces = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(from_at__lt=models.F("until_at")),
                name="contract_notice_begins_before_it_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=NoticeLevel.values), name="contract_notice_level"
            ),
            models.CheckConstraint(
                condition=models.Q(link_label="", link_url="")
                | (~models.Q(link_label="") & models.Q(link_url__startswith="https://")),
                name="contract_notice_whole_link",
            ),
        ]

    def __str__(self) -> str:
        return f"notice of {self.contract_id}"


class SchemaText(models.Model):
    """The statements that make a contract's schema, for one set of migrations."""

    application_may: ClassVar = ("SELECT",)

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.JSONField()
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest


class ProvisioningOutcome(models.TextChoices):
    """How a run of provisioning ended; blank while it has not."""

    DONE = "done", "The contract is ready"
    REPLACED = "replaced", "Another document made the contract ready"


class ProvisioningStepName(models.TextChoices):
    """The steps that make a new contract, in their order; each can be done again."""

    RESERVED = "reserved", "Slug reserved"
    SCHEMA = "schema", "Database schema made"
    IN_FORCE = "in_force", "Revision and hosts in force"


class ProvisioningRun(UUIDModel):
    """One document's way to a new contract, over as many attempts as it takes.

    Each step is on disk before the next one begins, so that a run that was interrupted says how far
    it came. The document is kept to go on with; nothing in it is secret. The run ends in the
    transaction that makes the contract ready.
    """

    slug = models.CharField(max_length=40)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=500, blank=True)
    began_by = models.UUIDField(null=True)
    began_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=1)
    attempted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=ProvisioningOutcome, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["slug", "digest"],
                condition=models.Q(ended_at__isnull=True),
                name="provisioning_run_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, outcome="")
                | models.Q(ended_at__isnull=False, outcome__in=ProvisioningOutcome.values),
                name="provisioning_run_ends_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"provisioning of {self.slug}"


class ProvisioningStep(UUIDModel):
    """One step of a run: when it began last, when it was done, what it failed with."""

    run = models.ForeignKey(ProvisioningRun, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=10, choices=ProvisioningStepName)
    began_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "name"], name="provisioning_step_once"),
            models.CheckConstraint(
                condition=models.Q(name__in=ProvisioningStepName.values),
                name="provisioning_step_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True) | models.Q(failure=""),
                name="provisioning_step_done_has_no_failure",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.run_id}"


class ScheduledTask(models.Model):
    """What became of the last run of a task that the scheduler starts, and of the last failure.

    `ended_at` is that of the last run that ended: one that began after it goes on or was cut off.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    name = models.CharField(max_length=200, primary_key=True)
    first_at = models.DateTimeField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    succeeded = models.BooleanField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name
