"""What an authenticator app, a passkey and recovery codes leave with us."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel
from core.mfa.models.factors import Factor


class Totp(UUIDModel):
    """The authenticator app of an account (a factor of kind `totp`).

    The secret is sealed for the account under a key that is not in the database. `last_step` is the
    newest time step whose code was accepted: that one and all before it are worth nothing, on
    whatever host.
    """

    factor = models.OneToOneField(Factor, on_delete=models.CASCADE, related_name="totp")
    sealed_secret = models.BinaryField(max_length=100)
    last_step = models.BigIntegerField()

    def __str__(self) -> str:
        return f"app of {self.factor_id}"


class TotpEnrolment(UUIDModel):
    """A secret that is shown to somebody and not confirmed by a code yet, one at a time for each.

    `owner_kind` and `owner_id` as with one-time codes: an account, or an MFA registration. An
    account's is bound to the sign-in (`binding`) and the security epoch (`epoch`) that it was shown
    under: to any other nothing of it is shown or confirmed.
    """

    owner_kind = models.CharField(max_length=30)
    owner_id = models.UUIDField()
    sealed_secret = models.BinaryField(max_length=100)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_step = models.BigIntegerField(null=True)
    binding = models.UUIDField(null=True)
    epoch = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner_kind", "owner_id"], name="totp_enrolment_once")
        ]

    def __str__(self) -> str:
        return f"app for {self.owner_kind} {self.owner_id}"


class Passkey(UUIDModel):
    """One passkey or security key; all of an account hang on its one factor of kind `passkey`.

    `credential` is the attested credential data of WebAuthn: identifier and public key. It is good
    for the domain `rp_id` alone. One whose counter ran backwards was copied: it is suspended.
    """

    factor = models.ForeignKey(Factor, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    rp_id = models.CharField(max_length=253)
    user_handle = models.BinaryField(max_length=64)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    credential = models.BinaryField(max_length=4096)
    transports = models.JSONField(default=list)
    sign_count = models.BigIntegerField()
    is_synced = models.BooleanField()
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"passkey of {self.factor_id} for {self.rp_id}"


class PasskeyCeremony(UUIDModel):
    """One question to an authenticator: its challenge, for one browser and one purpose, once.

    `binding` is what the browser's session holds: the sign-in, the MFA registration, the enrolment
    that asked. An answered question of an enrolment keeps the new passkey in `answer`, until the
    account takes it over.
    """

    owner_kind = models.CharField(max_length=30)
    owner_id = models.UUIDField()
    binding = models.UUIDField()
    purpose = models.CharField(max_length=30)
    rp_id = models.CharField(max_length=253)
    challenge = models.BinaryField(max_length=32)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["binding"], name="passkey_ceremony_binding")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(answer__isnull=True) | models.Q(used_at__isnull=False),
                name="passkey_ceremony_answered_is_used",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.owner_kind} {self.owner_id}"


class RecoveryCode(UUIDModel):
    """One spare code of an account, as a keyed digest. A newer set replaces all of an older one."""

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="recovery_codes"
    )
    code_digest = models.BinaryField(max_length=32, unique=True)
    key_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["user"],
                condition=models.Q(used_at__isnull=True, replaced_at__isnull=True),
                name="recovery_code_open",
            )
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"
