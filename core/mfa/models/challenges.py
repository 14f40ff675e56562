"""One-time codes and calls, and the count of their attempts."""

from datetime import datetime
from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


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
