"""Provider groups, the providers in them, and who may do what for which."""

from typing import ClassVar, Final
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from core.common.models import UUIDModel


class ProviderGroup(UUIDModel):
    """The providers that are administered together."""

    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ProviderStatus(models.TextChoices):
    """Whether a provider works in its contract.

    A suspended one left the roster: nobody reaches it, and nobody else can register its unit. It
    becomes active again when its entry is back. An active one with a day on which it will be
    suspended (`suspends_at`) has just left: it can be looked at, and nothing can be added to it.
    """

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    ENDED = "ended", "Ended"


LIVE_STATUSES: Final = (ProviderStatus.ACTIVE, ProviderStatus.SUSPENDED)
"""Those in which a unit is taken."""


class Provider(UUIDModel):
    """One location registered in one contract.

    `unit_key` is what registers once in the contract: the normalized identifier, or the roster
    entry's id where each location registers. `roster_entry_id` names a row of the contract's own
    schema and therefore has no constraint. `moved_at` is when it came to its present group from
    another one, whose people's doings are not the present group's to read.
    """

    group = models.ForeignKey(ProviderGroup, on_delete=models.PROTECT, related_name="providers")
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    identifier = models.CharField(max_length=64)
    identifier_type = models.CharField(max_length=20)
    unit_key = models.CharField(max_length=80)
    roster_entry_id = models.UUIDField()
    name = models.CharField(max_length=200)
    provider_type = models.CharField(max_length=120, blank=True)
    address_1 = models.CharField(max_length=200, blank=True)
    address_2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip = models.CharField(max_length=10, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    fax = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=10, choices=ProviderStatus, default=ProviderStatus.ACTIVE)
    registered_at = models.DateTimeField()
    registered_by = models.UUIDField()
    moved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    suspends_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "unit_key"],
                condition=models.Q(status__in=LIVE_STATUSES),
                name="provider_registers_once_per_contract",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=LIVE_STATUSES, ended_at__isnull=True)
                | models.Q(status=ProviderStatus.ENDED, ended_at__isnull=False),
                name="provider_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(suspends_at__isnull=True)
                | models.Q(status=ProviderStatus.ACTIVE),
                name="provider_leaves_while_active",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """The three roles of the source documents; contracts add others (`core.groups.roles`)."""

    GROUP_ADMIN = "group_admin", "Provider Group Admin"
    PROVIDER_ADMIN = "provider_admin", "Provider Admin"
    STAFF = "staff", "Provider Staff Account"


class Membership(UUIDModel):
    """A user's role: for a whole group as its admin, or for one provider.

    `role` is one of `Role`, or at a provider one that its contract adds.

    Who works for an office has a role for its group that reaches no provider, because the group has
    none, and by an access grant (`grant`) a role at a provider of another group. Rights are read
    through `HELD` alone: a role by a grant counts as long as the grant lives, whether or not the
    row has been ended by then. `OWN` are those that the provider's own admins manage. That the
    grant is one to that provider is a foreign key of both columns (migration 0015).
    """

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="memberships"
    )
    group = models.ForeignKey(
        ProviderGroup, null=True, on_delete=models.PROTECT, related_name="memberships"
    )
    provider = models.ForeignKey(
        Provider, null=True, on_delete=models.PROTECT, related_name="memberships"
    )
    grant = models.ForeignKey(
        "core_groups.AccessGrant", null=True, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=20)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    created_by = models.UUIDField(null=True)

    # The database's clock: what reads rights is compiled once and has no moment of its own.
    HELD: ClassVar = models.Q(until__isnull=True) & (
        models.Q(grant__isnull=True)
        | models.Q(grant__ended_at__isnull=True, grant__until__gt=Now())
    )
    OWN: ClassVar = models.Q(until__isnull=True, grant__isnull=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(
                    models.Q(
                        role__in=[Role.GROUP_ADMIN, Role.STAFF],
                        group__isnull=False,
                        provider__isnull=True,
                    )
                    | (
                        ~models.Q(role__in=[Role.GROUP_ADMIN, ""])
                        & models.Q(group__isnull=True, provider__isnull=False)
                    )
                ),
                name="membership_role_fits_its_reach",
            ),
            models.CheckConstraint(
                condition=models.Q(grant__isnull=True)
                | (
                    models.Q(provider__isnull=False)
                    & ~models.Q(role__in=[Role.GROUP_ADMIN, Role.PROVIDER_ADMIN])
                ),
                name="membership_by_grant_is_at_a_provider",
            ),
            models.UniqueConstraint(
                fields=["user", "group"],
                condition=models.Q(until__isnull=True, group__isnull=False),
                name="membership_once_per_group",
            ),
            models.UniqueConstraint(
                fields=["user", "provider"],
                condition=models.Q(until__isnull=True, provider__isnull=False, grant__isnull=True),
                name="membership_once_per_provider",
            ),
            models.UniqueConstraint(
                fields=["user", "grant"],
                condition=models.Q(until__isnull=True, grant__isnull=False),
                name="membership_once_per_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.user_id}"

    @property
    def within(self) -> UUID:
        """Return the key of the group whose admins it is of: by a grant those of the office."""
        if self.grant is not None:
            return self.grant.office.group_id
        if self.provider is not None:
            return self.provider.group_id
        assert self.group_id is not None  # noqa: S101 (membership_role_fits_its_reach)
        return self.group_id

    @property
    def contract_id(self) -> UUID | None:
        """Return the contract whose roles count: for a whole group only the documented ones do."""
        return self.provider.contract_id if self.provider else None
