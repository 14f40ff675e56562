"""Registrations under way: what a browser has typed, what was submitted, and how often was tried.

All of it is shared data. The roster entry that a registration is about lives in the contract's
schema and is named by its UUID alone.
"""

from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from contracts.registration.states import LIVE, OPEN, ApprovalOutcome, RegistrationState
from core.common.models import UUIDModel

UNIT_ONCE: Final = "pending_registration_unit_once"
USERNAME_ONCE: Final = "pending_registration_username_once"
"""The constraints that reserve a unit and a username, by the names that the database reports."""


_WITH_ACCOUNT: Final = (
    RegistrationState.AWAITING,
    RegistrationState.COMPLETED,
    RegistrationState.DECLINED,
)


class PendingRegistration(UUIDModel):
    """A submitted registration. While live it reserves its unit, and its username until an
    account has it.

    `unit_key` is what registers once in the contract: the identifier, or the roster entry's id
    where the unit is the location. The link's token is not stored: `token_digest` is its keyed
    digest, made when the mail is handed over. `follow_id` names one use of a link and is the id
    under which MFA registration knows this registration; a corrected address takes it away.
    """

    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    unit_key = models.CharField(max_length=64)
    identifier = models.CharField(max_length=64)
    identifier_type = models.CharField(max_length=20)
    roster_entry_id = models.UUIDField()
    evidence = models.JSONField()
    username = models.CharField(max_length=60)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    address_1 = models.CharField(max_length=120, blank=True)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    us_state = models.CharField(max_length=2, blank=True)
    zip = models.CharField(max_length=10, blank=True)
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=20, blank=True)
    fax = models.CharField(max_length=20, blank=True)
    terms_version = models.CharField(max_length=300)
    terms_sha256 = models.CharField(max_length=64)
    terms_accepted_at = models.DateTimeField()
    state = models.CharField(
        max_length=20, choices=RegistrationState, default=RegistrationState.SUBMITTED
    )
    token_digest = models.BinaryField(max_length=32, null=True)
    key_version = models.PositiveSmallIntegerField(null=True)
    link_expires_at = models.DateTimeField(null=True)
    link_used_at = models.DateTimeField(null=True)
    follow_id = models.UUIDField(null=True, unique=True)
    host = models.CharField(max_length=253, blank=True, default="", db_default="")
    """The configured host on which it was sent; the links in its mails stay there."""
    reserved_until = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    account_id = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "unit_key"],
                condition=Q(state__in=LIVE),
                name=UNIT_ONCE,
            ),
            models.UniqueConstraint(
                Lower("username"),
                condition=Q(state__in=OPEN),
                name=USERNAME_ONCE,
            ),
            models.UniqueConstraint(
                fields=["token_digest"],
                condition=Q(token_digest__isnull=False),
                name="pending_registration_token_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RegistrationState.values),
                name="pending_registration_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, ended_at__isnull=True)
                | (~Q(state__in=LIVE) & Q(ended_at__isnull=False)),
                name="pending_registration_ended_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_WITH_ACCOUNT, account_id__isnull=False)
                | Q(state=RegistrationState.RELEASED)
                | Q(
                    state__in=[*OPEN, RegistrationState.SUPERSEDED],
                    account_id__isnull=True,
                ),
                name="pending_registration_proven_has_account",
            ),
            models.CheckConstraint(
                condition=~Q(state=RegistrationState.LINK_USED) | Q(follow_id__isnull=False),
                name="pending_registration_used_link_has_follow",
            ),
            models.CheckConstraint(
                condition=~Q(state=RegistrationState.SUBMITTED) | Q(follow_id__isnull=True),
                name="pending_registration_submitted_has_no_follow",
            ),
            models.CheckConstraint(
                condition=Q(
                    token_digest__isnull=True,
                    key_version__isnull=True,
                    link_expires_at__isnull=True,
                )
                | Q(
                    token_digest__isnull=False,
                    key_version__isnull=False,
                    link_expires_at__isnull=False,
                ),
                name="pending_registration_link_is_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["reserved_until"],
                condition=Q(state__in=LIVE),
                name="registration_to_release",
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"

    @property
    def is_live(self) -> bool:
        """Whether it still reserves its unit."""
        return self.state in LIVE


class Approval(UUIDModel):
    """That a proven registration waits for staff to approve it, and what they decided.

    `first_by` is who approved first where two have to; `decided_by` who decided. `group_id` is the
    group that the provider joins, empty for a new one. Name and place are the roster's, so that the
    queue needs no look into the contract's schema.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    registration = models.OneToOneField(
        PendingRegistration, on_delete=models.PROTECT, related_name="approval"
    )
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="registrations_to_approve"
    )
    group_id = models.UUIDField(null=True)
    provider_name = models.CharField(max_length=200)
    provider_place = models.CharField(max_length=110, blank=True)
    asked_at = models.DateTimeField()
    needs_second = models.BooleanField(default=False)
    first_by = models.UUIDField(null=True)
    first_at = models.DateTimeField(null=True)
    first_reason = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=10, choices=ApprovalOutcome, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    decided_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=["", *ApprovalOutcome.values]),
                name="approval_outcome_is_known",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at__isnull=True)
                | (~Q(outcome="") & Q(ended_at__isnull=False)),
                name="approval_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=[ApprovalOutcome.APPROVED, ApprovalOutcome.DECLINED],
                    decided_by__isnull=False,
                )
                & ~Q(reason="")
                | Q(
                    outcome__in=["", ApprovalOutcome.WITHDRAWN, ApprovalOutcome.ENDED],
                    decided_by__isnull=True,
                    reason="",
                ),
                name="approval_is_decided_by_somebody_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(first_by__isnull=True, first_at__isnull=True, first_reason="")
                | (Q(first_by__isnull=False, first_at__isnull=False) & ~Q(first_reason="")),
                name="approval_first_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=ApprovalOutcome.APPROVED)
                | Q(needs_second=False)
                | Q(first_by__isnull=False),
                name="approval_by_two_where_two_are_needed",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=ApprovalOutcome.APPROVED)
                | Q(first_by__isnull=True)
                | ~Q(first_by=models.F("decided_by")),
                name="approval_second_is_another_person",
            ),
            models.CheckConstraint(
                condition=(Q(decided_by__isnull=True) | ~Q(decided_by=models.F("user_id")))
                & (Q(first_by__isnull=True) | ~Q(first_by=models.F("user_id"))),
                name="approval_not_by_who_registers",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], condition=Q(outcome=""), name="approval_that_waits"),
            models.Index(fields=["user"], condition=Q(outcome=""), name="approval_of_an_account"),
        ]

    def __str__(self) -> str:
        return f"approval of {self.registration_id}"


class JourneyPurpose(models.TextChoices):
    """What identifier and code were entered for."""

    REGISTER = "register", "A new account"
    ADD_PROVIDER = "add_provider", "One more provider for a signed-in account"
    JOIN = "join", "A signed-in account asks to join a provider that is registered"


class Journey(UUIDModel):
    """One registration under way in one browser tab, after identifier and code were accepted.

    The address of each step names it, and only a session that holds its id may open it. It keeps
    what was typed between the steps, for some hours. Journeys with the same `group_id` are the
    choices that one entry of identifier and code gave.
    """

    group_id = models.UUIDField(db_index=True)
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20, choices=JourneyPurpose)
    account_id = models.UUIDField(null=True)
    unit_key = models.CharField(max_length=64)
    identifier = models.CharField(max_length=64)
    identifier_type = models.CharField(max_length=20)
    roster_entry_id = models.UUIDField()
    evidence = models.JSONField()
    information = models.JSONField(default=dict)
    pending = models.ForeignKey(
        PendingRegistration, null=True, on_delete=models.CASCADE, related_name="journeys"
    )
    provider_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(purpose__in=JourneyPurpose.values),
                name="journey_purpose_is_known",
            ),
            models.CheckConstraint(
                condition=Q(purpose=JourneyPurpose.REGISTER) ^ Q(account_id__isnull=False),
                name="journey_account_adds_provider",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class JoinOffer(UUIDModel):
    """What the page of a refused registration leads to, for everybody: ask to join.

    Made for every refusal outside, so that right numbers of a registered provider (`provider_ids`)
    and wrong ones (none) do the same work and look the same. What was typed waits here until a
    worker has passed it on, and goes then.
    """

    provider_ids = ArrayField(models.UUIDField(), default=list)
    email = models.EmailField(max_length=254, blank=True)
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    asked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"offer {self.id}"


class TermsAcceptance(UUIDModel):
    """That an account accepted one version of a contract's terms of use, and its very text."""

    application_may: ClassVar = ("SELECT", "INSERT")

    account = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="terms_acceptances"
    )
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "contract", "version", "sha256"],
                name="terms_accepted_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} accepted {self.version}"
