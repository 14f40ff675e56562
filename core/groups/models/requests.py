"""What people ask of a group that they are not in: to join it, to administer it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from core.common.models import UUIDModel
from core.groups.models.providers import Provider
from core.groups.states import GRANTED_RECOVERIES, LIVE_RECOVERIES, JoinState, RecoveryState


class JoinRequest(UUIDModel):
    """Somebody who passed a contract's registration rule asks to work for a registered provider.

    Who has an account asks signed in (`user`); who has none leaves a name and an address, which
    nobody has proven: an approval sends an invitation there.
    `number` is what they typed as the identifier, where that was not the code: their own pages show
    it, because they are told nothing else of the provider before an admin has approved. `told_at`
    is when the admins were mailed. The row goes some time after it is over (`services.purging`).
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="join_requests")
    user = models.ForeignKey(
        "core_accounts.User", null=True, on_delete=models.PROTECT, related_name="join_requests"
    )
    email = models.EmailField(max_length=254, blank=True, default="", db_default="")
    first_name = models.CharField(max_length=80, blank=True, default="", db_default="")
    last_name = models.CharField(max_length=80, blank=True, default="", db_default="")
    number = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=JoinState, default=JoinState.OPEN)
    role = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)

    WAITING: ClassVar = models.Q(state=JoinState.OPEN) & (
        models.Q(user__isnull=True) | models.Q(user__is_active=True)
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "provider"],
                condition=models.Q(state=JoinState.OPEN),
                name="join_request_once_per_provider",
            ),
            models.UniqueConstraint(
                Lower("email"),
                "provider",
                condition=models.Q(state=JoinState.OPEN, user__isnull=True),
                name="join_request_once_per_address_and_provider",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(email=""),
                name="join_request_has_an_account_or_an_address",
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

    @property
    def asker_name(self) -> str:
        """Return the name of whoever asks: the account's, or what was typed."""
        return self.user.get_full_name() if self.user else f"{self.first_name} {self.last_name}"

    @property
    def asker_email(self) -> str:
        """Return the address of whoever asks: the account's, or the one that was typed."""
        return self.user.email if self.user else self.email

    @property
    def is_waiting(self) -> bool:
        """Tell whether an admin can decide."""
        return self.state == JoinState.OPEN and (self.user is None or self.user.is_active)


class RecoveryRequest(UUIDModel):
    """Somebody asks to become Provider Group Admin of a group whose admin cannot be reached.

    Staff of the contract decide by the evidence; what they grant takes effect after a waiting time,
    in which a present admin can object. `reaches` are the contracts for which they granted it, the
    group's at that moment. `reason` is why it was refused or stopped.
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
    reaches = ArrayField(models.UUIDField(), default=list, db_default=[])
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
