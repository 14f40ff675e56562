"""How long a roster file, its rejected rows and what it changed are kept. Own figures."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from contracts.roster.models import (
    RosterChange,
    RosterImport,
    RosterUpload,
    StagedCode,
    UploadPart,
)
from contracts.roster.services.uploads import cancel_upload
from contracts.roster.uploads.states import UploadState, UploadStateError

UNSENT_WAIT: Final = timedelta(days=2)
"""A file whose parts stopped coming; another one can be sent after that at the latest."""
UNCONFIRMED_WAIT: Final = timedelta(days=14)
FILES_KEPT: Final = timedelta(days=7)
"""After its end: long enough to look at the very file when something is asked."""
UPLOADS_KEPT: Final = timedelta(days=90)
"""With its rejected rows; that it was taken or refused stands in the history for good."""
CHANGES_KEPT: Final = timedelta(days=400)
"""So long an import can be gone back from; a year and a little."""


def purge_uploads(*, at: datetime) -> int:
    """Give up and forget, in the contract in hand; returns how many rows. Called hourly.

    Each delete is one statement: nobody else touches these rows once their upload is over.
    """
    _cancel_abandoned(at)
    ended = RosterUpload.objects.filter(ended_at__isnull=False)
    files = UploadPart.objects.filter(upload__in=ended.filter(ended_at__lte=at - FILES_KEPT))
    staged = StagedCode.objects.filter(changes__in=ended.values("id"))
    done = files.delete()[0] + staged.delete()[0] + _forget_changes(at)
    return done + ended.filter(ended_at__lte=at - UPLOADS_KEPT).delete()[0]


def _forget_changes(at: datetime) -> int:
    """Delete the changes of old imports, and of uploads that came to nothing."""
    over = [UploadState.CANCELLED, UploadState.REFUSED]
    nothing = RosterUpload.objects.filter(state__in=over).values("id")
    old = RosterImport.objects.filter(read_at__lte=at - CHANGES_KEPT).values("changes")
    return RosterChange.objects.filter(Q(changes__in=nothing) | Q(changes__in=old)).delete()[0]


def _cancel_abandoned(at: datetime) -> None:
    waits = {
        UploadState.RECEIVING: at - UNSENT_WAIT,
        UploadState.READY: at - UNCONFIRMED_WAIT,
    }
    for state, since in waits.items():
        for upload in RosterUpload.objects.filter(state=state, moved_at__lte=since):
            try:
                cancel_upload(upload_id=upload.id, by=None, at=at)
            except UploadStateError:
                continue  # somebody went on with it just now
