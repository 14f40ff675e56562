"""Third parties: offices without providers, and the access that providers give to them."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower

from core.common.models import UUIDModel
from core.groups.models.providers import Provider, ProviderGroup, Role
from core.mfa.models import MailedInvitation, invitation_constraints


class Office(UUIDModel):
    """What makes a provider group one of an office: it has people, an address, and no providers.

    `code` is what the office gives away so that a provider's admin finds it. It identifies and
    authorises nothing: the admin who enters it gives the access (docs/adr/0026).
    """

    group = models.OneToOneField(ProviderGroup, on_delete=models.PROTECT, related_name="office")
    address_1 = models.CharField(max_length=120)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80)
    state = models.CharField(max_length=2)
    zip = models.CharField(max_length=10)
    code = models.CharField(max_length=12, unique=True)
    code_made_at = models.DateTimeField()
    registered_at = models.DateTimeField()
    registered_by = models.UUIDField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, closed_by__isnull=True)
                | models.Q(closed_at__isnull=False, closed_by__isnull=False),
                name="office_is_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex="^[2-9A-HJKMNP-RTV-Z]{12}$"),
                name="office_code_form",
            ),
        ]

    def __str__(self) -> str:
        return f"office {self.id}"

    @property
    def name(self) -> str:
        """Return the office's name, which is its group's."""
        return self.group.name

    @property
    def place(self) -> str:
        """Return city and state, as a provider's admin reads them."""
        return f"{self.city}, {self.state}"


class OfficeRegistration(MailedInvitation):
    """An office that somebody registers who is not signed in: pending until the link is used.

    Whether the address has an account is found out behind the link alone. The username is chosen
    there, too, and reserved from then on. The row goes some time after it is over.
    """

    name = models.CharField(max_length=200)
    address_1 = models.CharField(max_length=120)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80)
    state = models.CharField(max_length=2)
    zip = models.CharField(max_length=10)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    username = models.CharField(max_length=60, blank=True)
    host = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                condition=MailedInvitation.OPEN & ~models.Q(username=""),
                name="office_registration_username_once",
            ),
            *invitation_constraints("office_registration"),
        ]

    def __str__(self) -> str:
        return f"registration of an office, {self.id}"


class GrantEnd(models.TextChoices):
    """Why an access grant is over."""

    PROVIDER = "provider", "Ended by the provider"
    OFFICE = "office", "Ended by the office"
    TIME = "time", "Its end date has passed"
    GIVEN_UP = "given_up", "The provider was given up"
    SWITCHED_OFF = "switched_off", "The program does not open this access to third parties any more"
    CLOSED = "closed", "The office was closed"


class AccessGrant(UUIDModel):
    """That an office may let its own people work for a provider, in one role, until a moment.

    It counts while `ended_at` is empty and `until` lies ahead (`LIVING`); what a person holds by
    it is a membership that names it, and ends with it. `role` is Provider Staff Account or one that
    the contract opens to third parties. `reminded_days` is the last reminder that went out, or that
    came too late to be one.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="access_grants")
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="access_grants")
    role = models.CharField(max_length=20)
    since = models.DateTimeField()
    until = models.DateTimeField()
    given_by = models.UUIDField()
    reminded_days = models.PositiveSmallIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    end = models.CharField(max_length=20, choices=GrantEnd, blank=True)

    class Meta:
        constraints: ClassVar = [
            # One that lapsed is ended before the next begins, so two never overlap.
            models.UniqueConstraint(
                fields=["provider", "office"],
                condition=models.Q(ended_at__isnull=True),
                name="access_grant_once_per_provider_and_office",
            ),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("since")), name="access_grant_ends_later"
            ),
            # An admin could make a right that outlives the grant.
            models.CheckConstraint(
                condition=~models.Q(role__in=[Role.GROUP_ADMIN, Role.PROVIDER_ADMIN, ""]),
                name="access_grant_manages_nobody",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end="", ended_by__isnull=True)
                | models.Q(ended_at__isnull=False, end__in=GrantEnd.values),
                name="access_grant_end_has_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["until"],
                condition=models.Q(ended_at__isnull=True),
                name="access_grant_to_end",
            )
        ]

    def __str__(self) -> str:
        return f"access of {self.office_id} to {self.provider_id}"
