"""How long what belongs to staff is kept. Roles stay: who held one when is part of the history."""

from datetime import datetime, timedelta
from typing import Final

from core.common.purging import delete_in_batches
from core.mfa.models.invitations import over_before
from core.staff.models import RequestInHand, RequestLetter, StaffElevation, StaffInvitation
from core.staff.selectors import list_due_roles
from core.staff.services.members import end_role

INVITATIONS_KEPT: Final = timedelta(days=30)
"""After their end; they hold an address and a name. An open one ends with the life of its link."""

HANDS_KEPT: Final = timedelta(days=30)
"""Own figure: nobody works on one request for a month without looking at it."""
LETTERS_KEPT: Final = timedelta(days=180)
"""Own figure: as long as the longest that a request may wait."""
ELEVATIONS_KEPT: Final = timedelta(days=30)
"""After their end, for questions about what an operator did; the audit knows them for good."""


def purge_elevations(*, at: datetime) -> int:
    """Delete elevated rights that ended long ago; returns how many."""
    old = StaffElevation.objects.filter(ended_at__lt=at - ELEVATIONS_KEPT)
    return delete_in_batches(old)


def purge_invitations(*, at: datetime) -> int:
    """Delete invitations that were over long ago; returns how many."""
    over = over_before(at - INVITATIONS_KEPT)
    return delete_in_batches(StaffInvitation.objects.filter(over))


def purge_hands(*, at: datetime) -> int:
    """Delete that somebody took a request in hand long ago; returns how many.

    Most were given back when the request was decided; what is left belongs to requests that ended
    by themselves, or that nobody works on any more.
    """
    old = RequestInHand.objects.filter(taken_at__lt=at - HANDS_KEPT)
    return delete_in_batches(old)


def purge_letters(*, at: datetime) -> int:
    """Delete what was written about requests long ago; returns how many. The audit keeps that."""
    old = RequestLetter.objects.filter(written_at__lt=at - LETTERS_KEPT)
    return delete_in_batches(old)


def end_due_roles(*, at: datetime) -> int:
    """End the roles whose time is over, with the sessions of their holders; returns how many.

    They counted for nothing from that moment on; this takes away what hangs on them.
    """
    ended = 0
    for member_id in list_due_roles(at=at).values_list("id", flat=True)[:500]:
        ended += end_role(member_id=member_id, reason="over", by=None, at=at)
    return ended
