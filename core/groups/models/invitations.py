"""Who was invited by an admin and has not come yet."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from core.groups.models.providers import Provider, ProviderGroup
from core.mfa.models import MailedInvitation, invitation_constraints


class Invitation(MailedInvitation):
    """What an admin entered about a new user, who gets a link by mail.

    The username is reserved while the invitation is open. `role` holds at the invited providers, or
    for the whole group: then `reaches` are the group's contracts at that moment, all of them
    entered by the admin. An invitation to an office names no provider, and its group belongs to no
    contract. `host` is where the admin was, and where the link leads to. The row goes
    some time after it is over (`services.purging`).
    """

    group = models.ForeignKey(ProviderGroup, on_delete=models.PROTECT, related_name="invitations")
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    providers = models.ManyToManyField(Provider, related_name="invitations")
    role = models.CharField(max_length=20)
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
    reaches = ArrayField(models.UUIDField(), default=list, db_default=[])

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"), condition=MailedInvitation.OPEN, name="invitation_username_once"
            ),
            models.UniqueConstraint(
                Lower("email"),
                "group",
                "invited_by",
                condition=MailedInvitation.OPEN,
                name="invitation_once_per_address_group_and_admin",
            ),
            *invitation_constraints("invitation"),
        ]

    def __str__(self) -> str:
        return f"invitation to {self.role}"
