"""How long invitations are kept after their end: they hold an address and a name."""

from datetime import datetime, timedelta
from typing import Final

from core.common.purging import delete_in_batches
from core.groups.models import Invitation
from core.mfa.models.invitations import over_before

INVITATIONS_KEPT: Final = timedelta(days=30)
"""After their end, as those of staff are; an open one ends with the life of its link."""


def purge_invitations(*, at: datetime) -> int:
    """Delete invitations that were over long ago; returns how many. Called hourly."""
    over = over_before(at - INVITATIONS_KEPT)
    return delete_in_batches(Invitation.objects.filter(over))
