"""People who work for the deployment or for a state: roles, invitations, identities."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.common.models import UUIDModel
from core.mfa.models import MailedInvitation, invitation_constraints


class StaffRole(models.TextChoices):
    """The four roles; what each may do stands in the deployment's document."""

    OPERATOR = "operator", "Operator"
    CONTRACT_ADMIN = "contract_admin", "Contract admin"
    HELP_DESK = "help_desk", "Help desk"
    AUDITOR = "auditor", "Auditor"


def _reach(name: str) -> models.CheckConstraint:
    """A contract admin has a contract, an operator none; the others may be for one or for all."""
    fits = (
        models.Q(role=StaffRole.OPERATOR, contract__isnull=True)
        | models.Q(role=StaffRole.CONTRACT_ADMIN, contract__isnull=False)
        | models.Q(role__in=[StaffRole.HELP_DESK, StaffRole.AUDITOR])
    )
    return models.CheckConstraint(condition=fits, name=name)


class StaffMember(UUIDModel):
    """That an account holds a staff role, in one contract or in the whole deployment.

    `issuer` names the identity provider whose claims give the role; blank where somebody was
    invited. A role ends by itself at `until`, or when somebody ends it.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="staff_roles"
    )
    role = models.CharField(max_length=20, choices=StaffRole)
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    issuer = models.CharField(max_length=500, blank=True)
    granted_by = models.UUIDField(null=True)
    granted_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            _reach("staff_role_fits_its_reach"),
            models.UniqueConstraint(
                fields=["user", "role", "issuer"],
                condition=models.Q(ended_at__isnull=True, contract__isnull=True),
                name="staff_role_once_everywhere",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "contract", "issuer"],
                condition=models.Q(ended_at__isnull=True),
                name="staff_role_once_per_contract",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by__isnull=True) | models.Q(ended_at__isnull=False),
                name="staff_role_ends_with_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"

    def holds(self, at: datetime) -> bool:
        """Tell whether the role holds at this moment."""
        return self.ended_at is None and (self.until is None or at < self.until)


class StaffInvitation(MailedInvitation):
    """An invitation to a staff role. The row goes some time after it is over (`purging`)."""

    role = models.CharField(max_length=20, choices=StaffRole)
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    until = models.DateTimeField(null=True)
    invited_by = models.UUIDField(null=True)
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    username = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [
            _reach("staff_invitation_fits_its_reach"),
            *invitation_constraints("staff_invitation"),
        ]

    def __str__(self) -> str:
        return f"invitation to {self.role}"


class StaffIdentity(UUIDModel):
    """Who an identity provider says somebody is: one account per (issuer, subject).

    The row goes when the owner of an account with a password unlinks it; the audit keeps both.
    """

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="staff_identities"
    )
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="staff_identity_once"),
            models.UniqueConstraint(
                fields=["issuer", "user"], name="staff_identity_once_per_account"
            ),
        ]

    def __str__(self) -> str:
        return f"identity of {self.user_id}"


class RequestInHand(UUIDModel):
    """That a member of staff works on a request, so that two do not (`core.staff.request_queue`).

    `kind` and `request_id` name a row of another app, which has no constraint here. It locks
    nothing for good: somebody else may take it over. Old ones go (`purging`).
    """

    kind = models.CharField(max_length=30)
    request_id = models.UUIDField()
    taken_by = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="requests_in_hand"
    )
    taken_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "request_id"], name="request_in_one_hand_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.request_id}"


class ElevationEnd(models.TextChoices):
    """How elevated rights ended."""

    GIVEN_UP = "given_up", "Given up"
    TIME_OVER = "time_over", "Time over"
    SESSION_OVER = "session_over", "Signed out"


class StaffElevation(UUIDModel):
    """That somebody of staff holds the rights that nobody holds all day, in one sign-in.

    They hold until `until`, whether or not `ended_at` has been written by then; `sign_in` names the
    session under whatever key, so that they end with it.
    """

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="staff_elevations"
    )
    sign_in = models.UUIDField()
    reason = models.CharField(max_length=300)
    began_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=12, choices=ElevationEnd, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sign_in"],
                condition=models.Q(ended_at__isnull=True),
                name="staff_elevation_once_per_sign_in",
            ),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("began_at")),
                name="staff_elevation_takes_time",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_how="")
                | models.Q(ended_at__isnull=False, ended_how__in=ElevationEnd.values),
                name="staff_elevation_ends_somehow",
            ),
        ]

    def __str__(self) -> str:
        return f"elevated rights of {self.user_id}"

    def holds(self, at: datetime) -> bool:
        """Tell whether the rights are held at this moment; they end on the second."""
        return self.ended_at is None and at < self.until


class LetterChannel(models.TextChoices):
    """How something written to an address on file leaves."""

    MAIL = "mail", "Mail"
    LETTER = "letter", "Letter"


class RequestLetter(UUIDModel):
    """What staff wrote to an address on file about a request; its history.

    Address and words are sealed for this row (`core.staff.services.request_letters`). A mail leaves
    by the outbox, a letter is printed. Old ones go (`purging`).
    """

    kind = models.CharField(max_length=30)
    request_id = models.UUIDField()
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=LetterChannel)
    sealed_text = models.BinaryField(max_length=12_000)
    form_key = models.UUIDField(null=True)
    """The name of the form that it was sent by: sent twice, it is one letter."""
    written_by = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="request_letters"
    )
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(channel__in=LetterChannel.values),
                name="request_letter_channel_is_known",
            ),
            models.UniqueConstraint(
                fields=["kind", "request_id", "form_key"], name="request_letter_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["request_id", "written_at"], name="letters_of_a_request")
        ]

    def __str__(self) -> str:
        return f"{self.channel} about {self.kind} {self.request_id}"


class ServiceAccount(UUIDModel):
    """A system that works through the API on its own behalf: a state's system, a scheduled job.

    Its account holds staff roles like a person's, so that every rule about rights, scope and audit
    is the same; nobody can sign in with it (`core.staff.services.service_accounts`). `contact` is
    the mailbox of the people who run it.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    user = models.OneToOneField(
        "core_accounts.User", on_delete=models.PROTECT, related_name="service_account"
    )
    name = models.CharField(max_length=80)
    contact = models.EmailField(max_length=254)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by__isnull=True)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="service_account_is_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ApiToken(UUIDModel):
    """A bearer token of the API: what it may do is never more than its holder may do that minute.

    Of the token itself a digest is kept. `contracts` narrows it to some contracts, None to none in
    particular. A person's token carries the account's `security_epoch`: it dies with whatever ends
    their sessions; a service account has none.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    user = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="api_tokens"
    )
    name = models.CharField(max_length=80)
    token_digest = models.BinaryField(max_length=32, unique=True)
    key_version = models.PositiveSmallIntegerField()
    ending = models.CharField(max_length=4)
    """The last characters, by which people tell tokens apart."""
    permissions = ArrayField(models.CharField(max_length=40))
    contracts = ArrayField(models.UUIDField(), null=True)
    security_epoch = models.PositiveIntegerField(null=True)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.CharField(max_length=45, blank=True)
    reminded_at = models.DateTimeField(null=True)
    """When its holder was told that it ends soon."""
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.UUIDField(null=True)
    replaces = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")),
                name="api_token_lives_for_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(permissions__len__gt=0), name="api_token_may_do_something"
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_token_is_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.ending}"

    def holds(self, at: datetime) -> bool:
        """Tell whether the token opens anything at this moment; it ends on the second."""
        return self.revoked_at is None and at < self.expires_at and not self.ended_with_sessions

    @property
    def ended_with_sessions(self) -> bool:
        """Tell whether it ended with its holder's sessions; asks for the holder's row."""
        return self.security_epoch not in {None, self.user.security_epoch}
