"""How long invitations, files of them and requests to join are kept: they are about people."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from core.common.purging import delete_in_batches
from core.groups.models import (
    Invitation,
    InvitationBatch,
    JoinRequest,
    OfficeRegistration,
    RecoveryRequest,
    WeeklyMailMade,
)
from core.mfa.models.invitations import over_before

INVITATIONS_KEPT: Final = timedelta(days=30)
"""After their end, as those of staff are; an open one ends with the life of its link."""

REQUESTS_KEPT: Final = timedelta(days=90)
"""After their end: own figure, long enough that the person reads why; the audit stays."""

OFFICE_REGISTRATIONS_KEPT: Final = timedelta(days=1)
"""After the end of their link: own figure. Anybody can make one, and it may reserve a username."""

WEEKS_KEPT: Final = timedelta(days=30)
"""Own figure: a week is over after two days; the rest answers questions about mail."""

FILES_WAIT: Final = timedelta(days=1)
"""Own figure: a file that was checked and not started is thrown away."""


def purge_batches(*, at: datetime) -> int:
    """Delete files of invitations that ended long ago, or wait too long. Called hourly."""
    over = Q(ended_at__lt=at - INVITATIONS_KEPT)
    left = Q(started_at__isnull=True, uploaded_at__lt=at - FILES_WAIT)
    return delete_in_batches(InvitationBatch.objects.filter(over | left))


def purge_invitations(*, at: datetime) -> int:
    """Delete invitations that were over long ago; returns how many. Called hourly."""
    over = over_before(at - INVITATIONS_KEPT)
    return delete_in_batches(Invitation.objects.filter(over))


def purge_office_registrations(*, at: datetime) -> int:
    """Delete registrations of offices that are over; an unfinished one gives its username back."""
    over = over_before(at - OFFICE_REGISTRATIONS_KEPT)
    return delete_in_batches(OfficeRegistration.objects.filter(over))


def purge_weeks(*, at: datetime) -> int:
    """Delete that old weeks were looked at; returns how many. Called hourly."""
    over = WeeklyMailMade.objects.filter(made_at__lt=at - WEEKS_KEPT)
    return delete_in_batches(over)


def purge_join_requests(*, at: datetime) -> int:
    """Delete requests to join and to recover that ended long ago; returns how many. Hourly."""
    over = {"ended_at__lt": at - REQUESTS_KEPT}
    return sum(
        delete_in_batches(model.objects.filter(**over)) for model in (JoinRequest, RecoveryRequest)
    )
