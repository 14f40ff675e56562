"""What every invitation by mail has: a link that works once, and an end."""

from datetime import datetime
from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class MailedInvitation(UUIDModel):
    """An invitation by a link in a mail, to whatever the app that has it invites to.

    The link is made when the mail is handed over, works once, and leads to MFA registration or, for
    an address that has an account, to its sign-in. `follow_id` is how MFA registration knows it; a
    newer link makes a new one.
    """

    email = models.EmailField(max_length=254)
    invited_at = models.DateTimeField()
    key_version = models.PositiveSmallIntegerField(null=True)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True)
    link_expires_at = models.DateTimeField(null=True)
    link_used_at = models.DateTimeField(null=True)
    follow_id = models.UUIDField(null=True, unique=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.UUIDField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    OPEN: ClassVar = models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Tell whether it can still be accepted."""
        return self.accepted_at is None and self.withdrawn_at is None


def over_before(moment: datetime) -> models.Q:
    """Return the condition that an invitation, or the link of an open one, ended before a moment.

    An open one without a link counts from when it was made.
    """
    return (
        models.Q(accepted_at__lt=moment)
        | models.Q(withdrawn_at__lt=moment)
        | models.Q(link_expires_at__lt=moment, invited_at__lt=moment)
        | models.Q(link_expires_at__isnull=True, invited_at__lt=moment)
    )


def invitation_constraints(name: str) -> list[models.BaseConstraint]:
    """Return the constraints of a table of invitations; their names begin with `name`."""
    return [
        models.CheckConstraint(
            condition=models.Q(accepted_at__isnull=True, accepted_by__isnull=True)
            | models.Q(accepted_at__isnull=False, accepted_by__isnull=False),
            name=f"{name}_is_accepted_by_somebody",
        ),
        models.CheckConstraint(
            condition=models.Q(accepted_at__isnull=True) | models.Q(withdrawn_at__isnull=True),
            name=f"{name}_is_accepted_or_withdrawn",
        ),
        models.CheckConstraint(
            condition=models.Q(token_digest__isnull=True)
            | models.Q(key_version__isnull=False, link_expires_at__isnull=False),
            name=f"{name}_link_has_key_and_end",
        ),
    ]
