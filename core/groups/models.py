"""Provider groups, the providers in them, and who may do what for which."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models.functions import Lower

from core.common.models import UUIDModel
from core.groups.states import GRANTED_RECOVERIES, LIVE_RECOVERIES, JoinState, RecoveryState
from core.mfa.models import MailedInvitation, invitation_constraints


class ProviderGroup(UUIDModel):
    """The providers that are administered together."""

    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ProviderStatus(models.TextChoices):
    """Whether a provider works in its contract."""

    ACTIVE = "active", "Active"
    ENDED = "ended", "Ended"


class Provider(UUIDModel):
    """One location registered in one contract.

    `unit_key` is what registers once in the contract: the normalized identifier, or the roster
    entry's id where each location registers. `roster_entry_id` names a row of the contract's own
    schema and therefore has no constraint.
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
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "unit_key"],
                condition=models.Q(status=ProviderStatus.ACTIVE),
                name="provider_registers_once_per_contract",
            ),
            models.CheckConstraint(
                condition=models.Q(status=ProviderStatus.ACTIVE, ended_at__isnull=True)
                | models.Q(status=ProviderStatus.ENDED, ended_at__isnull=False),
                name="provider_end_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a membership lets a person do (the three roles of the source documents)."""

    GROUP_ADMIN = "group_admin", "Provider Group Admin"
    PROVIDER_ADMIN = "provider_admin", "Provider Admin"
    STAFF = "staff", "Provider Staff Account"


class Membership(UUIDModel):
    """A user's role: for a whole group as its admin, or for one provider."""

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="memberships"
    )
    group = models.ForeignKey(
        ProviderGroup, null=True, on_delete=models.PROTECT, related_name="memberships"
    )
    provider = models.ForeignKey(
        Provider, null=True, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    created_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(
                    models.Q(role=Role.GROUP_ADMIN, group__isnull=False, provider__isnull=True)
                    | models.Q(
                        role__in=[Role.PROVIDER_ADMIN, Role.STAFF],
                        group__isnull=True,
                        provider__isnull=False,
                    )
                ),
                name="membership_role_fits_its_reach",
            ),
            models.UniqueConstraint(
                fields=["user", "group"],
                condition=models.Q(until__isnull=True, group__isnull=False),
                name="membership_once_per_group",
            ),
            models.UniqueConstraint(
                fields=["user", "provider"],
                condition=models.Q(until__isnull=True, provider__isnull=False),
                name="membership_once_per_provider",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.user_id}"

    @property
    def within(self) -> UUID:
        """Return the key of the group in which it counts, its own or its provider's."""
        if self.provider is not None:
            return self.provider.group_id
        assert self.group_id is not None  # noqa: S101 (membership_role_fits_its_reach)
        return self.group_id


class Invitation(MailedInvitation):
    """What an admin entered about a new user, who gets a link by mail.

    The username is reserved while the invitation is open. `role` holds at the invited providers, or
    for the whole group. `host` is where the admin was, and where the link leads to. The row goes
    some time after it is over (`services.purging`).
    """

    group = models.ForeignKey(ProviderGroup, on_delete=models.PROTECT, related_name="invitations")
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    providers = models.ManyToManyField(Provider, related_name="invitations")
    role = models.CharField(max_length=20, choices=Role)
    username = models.CharField(max_length=60)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    phone = models.CharField(max_length=20, blank=True)
    fax = models.CharField(max_length=20, blank=True)
    address_1 = models.CharField(max_length=120, blank=True)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip = models.CharField(max_length=10, blank=True)
    host = models.CharField(max_length=254, blank=True)
    invited_by = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"), condition=MailedInvitation.OPEN, name="invitation_username_once"
            ),
            models.UniqueConstraint(
                Lower("email"),
                "group",
                condition=MailedInvitation.OPEN,
                name="invitation_once_per_address_and_group",
            ),
            *invitation_constraints("invitation"),
        ]

    def __str__(self) -> str:
        return f"invitation to {self.role}"


class JoinRequest(UUIDModel):
    """Somebody who passed a contract's registration rule asks to work for a registered provider.

    `number` is what they typed as the identifier, where that was not the code: their own pages show
    it, because they are told nothing else of the provider before an admin has approved. `told_at`
    is when the admins were mailed. The row goes some time after it is over (`services.purging`).
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="join_requests")
    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="join_requests"
    )
    number = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=JoinState, default=JoinState.OPEN)
    role = models.CharField(max_length=20, choices=Role, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "provider"],
                condition=models.Q(state=JoinState.OPEN),
                name="join_request_once_per_provider",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=JoinState.values), name="join_request_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state=JoinState.OPEN, ended_at__isnull=True)
                | (~models.Q(state=JoinState.OPEN) & models.Q(ended_at__isnull=False)),
                name="join_request_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[JoinState.APPROVED, JoinState.REFUSED], decided_by__isnull=False
                )
                | (
                    ~models.Q(state__in=[JoinState.APPROVED, JoinState.REFUSED])
                    & models.Q(decided_by__isnull=True)
                ),
                name="join_request_is_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(state=JoinState.APPROVED) ^ models.Q(role=""),
                name="join_request_approved_has_a_role",
            ),
            models.CheckConstraint(
                condition=models.Q(state=JoinState.REFUSED) ^ models.Q(reason=""),
                name="join_request_refused_has_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state=JoinState.OPEN),
                name="join_request_to_end",
            )
        ]

    def __str__(self) -> str:
        return f"request to join, {self.state}"


class RecoveryRequest(UUIDModel):
    """Somebody asks to become Provider Group Admin of a group whose admin cannot be reached.

    Staff of the contract decide by the evidence; what they grant takes effect after a waiting time,
    in which a present admin can object. `reason` is why it was refused or stopped.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="recoveries")
    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="recoveries"
    )
    evidence = models.CharField(max_length=2000)
    state = models.CharField(max_length=10, choices=RecoveryState, default=RecoveryState.ASKED)
    reason = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    takes_effect_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "provider"],
                condition=models.Q(state__in=LIVE_RECOVERIES),
                name="recovery_once_per_provider",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=RecoveryState.values), name="recovery_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=LIVE_RECOVERIES, ended_at__isnull=True)
                | (~models.Q(state__in=LIVE_RECOVERIES) & models.Q(ended_at__isnull=False)),
                name="recovery_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=GRANTED_RECOVERIES)
                | models.Q(
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    takes_effect_at__isnull=False,
                ),
                name="recovery_granted_by_somebody_with_a_wait",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("user_id")),
                name="recovery_not_decided_by_who_asks",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["takes_effect_at"],
                condition=models.Q(state=RecoveryState.WAITING),
                name="recovery_to_carry_out",
            )
        ]

    def __str__(self) -> str:
        return f"request to recover, {self.state}"


from core.groups import batch_models  # noqa: E402, F401 - it refers to what stands above
