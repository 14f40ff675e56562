"""Factors, one-time codes and the one-time choice of a factor."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class FactorKind(models.TextChoices):
    """What a person proves a second time with."""

    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"


class Factor(UUIDModel):
    """A proven factor of an account. The address of an e-mail factor is the account's own."""

    user = models.ForeignKey("core_accounts.User", on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=20, choices=FactorKind)
    phone = models.CharField(max_length=20, blank=True)
    verified_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind"], name="factor_kind_once_per_user"),
            models.CheckConstraint(
                condition=(
                    models.Q(kind=FactorKind.PHONE) & ~models.Q(phone="")
                    | ~models.Q(kind=FactorKind.PHONE) & models.Q(phone="")
                ),
                name="factor_phone_has_a_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"


class Channel(models.TextChoices):
    """How a code travels."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "Text message"
    VOICE = "voice", "Call"


class Challenge(UUIDModel):
    """One request for a one-time code or a call.

    Bound to its owner, contract, purpose, channel and `binding`: the sign-in or MFA registration
    that asked. The code itself is never stored: `code_digest` is its HMAC, made when the message
    is handed to the channel, and the life runs from then. A call confirmed by a key has no code;
    `answered_at` says that the key was pressed.
    """

    owner_kind = models.CharField(max_length=30)
    owner_id = models.UUIDField()
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    purpose = models.CharField(max_length=30)
    channel = models.CharField(max_length=10, choices=Channel)
    destination = models.CharField(max_length=254)
    binding = models.UUIDField()
    voice_confirmation = models.CharField(max_length=20, blank=True)
    life_seconds = models.PositiveIntegerField()
    max_attempts = models.PositiveSmallIntegerField()
    hold_minutes = models.PositiveIntegerField(null=True)
    code_digest = models.BinaryField(max_length=32, null=True)
    key_version = models.PositiveSmallIntegerField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["owner_id", "destination", "requested_at"], name="challenge_sent_to_owner"
            ),
            models.Index(fields=["destination", "requested_at"], name="challenge_sent_anywhere"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(sent_at__isnull=True, expires_at__isnull=True)
                | models.Q(sent_at__isnull=False, expires_at__isnull=False),
                name="challenge_life_runs_from_hand_over",
            ),
            models.CheckConstraint(
                condition=models.Q(code_digest__isnull=True, key_version__isnull=True)
                | models.Q(code_digest__isnull=False, key_version__isnull=False),
                name="challenge_digest_names_its_key",
            ),
            models.CheckConstraint(
                condition=models.Q(life_seconds__lte=600),
                name="challenge_lives_ten_minutes_at_most",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}"

    def is_open(self, at: datetime) -> bool:
        """Tell whether the challenge can still be answered: sent, alive, not used or replaced."""
        return (
            self.expires_at is not None
            and at < self.expires_at
            and self.used_at is None
            and self.superseded_at is None
        )


class AttemptCount(UUIDModel):
    """How many codes an owner tried for one purpose since the last success.

    Per owner and purpose, not per code: a new code, session or host goes on counting here.
    """

    owner_kind = models.CharField(max_length=30)
    owner_id = models.UUIDField()
    purpose = models.CharField(max_length=30)
    attempts = models.PositiveIntegerField()
    last_attempt_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner_kind", "owner_id", "purpose"], name="attempt_count_once_per_purpose"
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempts} for {self.purpose}"


class RememberedBrowser(UUIDModel):
    """A browser that may sign an account in by one login option, on one host, for some hours.

    The cookie has a random token; here is its keyed digest alone. `security_epoch` and
    `policy_epochs` (contract key to epoch) are those of the sign-in: when one of them has moved,
    or the account works in other contracts, the browser is no longer known.
    """

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="remembered_browsers"
    )
    option = models.CharField(max_length=20, choices=FactorKind)
    host = models.CharField(max_length=260)
    token_digest = models.BinaryField(max_length=32, unique=True)
    key_version = models.PositiveSmallIntegerField()
    security_epoch = models.PositiveIntegerField()
    policy_epochs = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at"))
                & models.Q(expires_at__lte=models.F("created_at") + timedelta(hours=24)),
                name="remembered_browser_lives_a_day_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(option__in=FactorKind.values),
                name="remembered_browser_has_an_option",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.option} of {self.user_id} on {self.host}"


class MfaMethod(models.TextChoices):
    """What the person chose on the Login method page."""

    PHONE = "phone", "Phone"
    EMAIL = "email", "E-mail"


class MfaRegistration(UUIDModel):
    """One run through the choice and the proof of a factor.

    Everything that the pages know is here; the session holds the id alone. `source_kind` and
    `source_id` name whose it is (a pending registration, an account); the source is asked through
    `core.mfa.sources`.
    """

    source_kind = models.CharField(max_length=30)
    source_id = models.UUIDField()
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    method = models.CharField(max_length=20, choices=MfaMethod, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    email_challenge = models.ForeignKey(
        Challenge, null=True, on_delete=models.PROTECT, related_name="+"
    )
    email_verified_at = models.DateTimeField(null=True)
    password_hash = models.CharField(max_length=256, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    phone_challenge = models.ForeignKey(
        Challenge, null=True, on_delete=models.PROTECT, related_name="+"
    )
    phone_verified_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    account_id = models.UUIDField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["source_kind", "source_id"], name="mfa_registration_source")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True, account_id__isnull=True)
                | models.Q(completed_at__isnull=False, account_id__isnull=False),
                name="mfa_registration_completes_an_account",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=True) | models.Q(closed_at__isnull=True),
                name="mfa_registration_completes_or_closes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_id}"
