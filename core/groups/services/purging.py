"""How long invitations are kept after their end: they hold an address and a name."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from core.common.purging import delete_in_batches
from core.groups.models import Invitation

INVITATIONS_KEPT: Final = timedelta(days=30)
"""After their end, as those of staff are; an open one ends with the life of its link."""


def purge_invitations(*, at: datetime) -> int:
    """Delete invitations that were over long ago; returns how many. Called hourly."""
    since = at - INVITATIONS_KEPT
    over = (
        Q(accepted_at__lt=since)
        | Q(withdrawn_at__lt=since)
        | Q(link_expires_at__lt=since, invited_at__lt=since)
        | Q(link_expires_at__isnull=True, invited_at__lt=since)
    )
    return delete_in_batches(Invitation.objects.filter(over))
