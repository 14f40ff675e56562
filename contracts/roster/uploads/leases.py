"""A worker's lease on an upload: taken by one UPDATE, kept alive beside the work, lost for good.

The work is one long transaction, whose progress nobody else could see: a thread with a connection
of its own says how far it is and that the worker lives. A lease that ran out, or a state that
somebody has changed, stops the work at its next batch; and what the work writes at its end asks for
the lease once more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from contracts.roster.models import RosterUpload
from contracts.roster.uploads.states import AT_WORK, UploadState
from core.common.ids import uuid7
from tenants.context import ActiveContract, contract_context, require_contract

LEASE: Final = timedelta(seconds=60)
"""How long a worker may be silent before another takes its upload up."""
BEAT_SECONDS: Final = 2.0
MOST_RUNS: Final = 5
"""After so many workers that were lost over one file it is given up."""

Clock = Callable[[], datetime]


class LeaseLostError(Exception):
    """The upload was cancelled, or another worker has it."""


class Lease:
    """One worker's hold on one upload; a `with` block keeps it alive."""

    def __init__(self, upload: RosterUpload, *, clock: Clock) -> None:
        self.upload_id, self.state = upload.id, UploadState(upload.state)
        self.token = upload.lease
        self._clock = clock
        self._contract: ActiveContract = require_contract()
        self._known = {"rows": 0, "rejected": 0, "bytes_done": 0}
        self._over, self._lost = threading.Event(), threading.Event()
        # Inside a caller's transaction no other connection sees the upload: it is told in place.
        self._alone = connection.in_atomic_block
        self._thread = threading.Thread(target=self._keep_alive, daemon=True)

    def __enter__(self) -> Self:
        if not self._alone:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if not self._alone:
            self._thread.join()

    def tell(self, rows: int, rejected: int, bytes_done: int) -> None:
        """Say how far the work is. Raises LeaseLostError when it is not ours any more."""
        self._known = {"rows": rows, "rejected": rejected, "bytes_done": bytes_done}
        if self._lost.is_set() or (self._alone and not self._beat()):
            raise LeaseLostError

    def mine(self) -> QuerySet[RosterUpload]:
        """Return the upload while this lease holds, for the statement that ends the work."""
        return RosterUpload.objects.filter(pk=self.upload_id, state=self.state, lease=self.token)

    def _beat(self) -> bool:
        at = self._clock()
        return bool(self.mine().update(leased_until=at + LEASE, moved_at=at, **self._known))

    def _keep_alive(self) -> None:
        try:
            with contract_context(self._contract):
                while not self._over.wait(BEAT_SECONDS):
                    if not self._beat():
                        self._lost.set()
                        return
        finally:
            connection.close()


def take_lease(upload_id: UUID, *, clock: Clock) -> RosterUpload | None:
    """Take an upload that waits for a worker; None when another one has it, or nothing is to do.

    One UPDATE asks and takes, so that of two workers one gets it.
    """
    at = clock()
    taken = _waiting(at).filter(pk=upload_id)
    token = uuid7()
    if not taken.update(lease=token, leased_until=at + LEASE, moved_at=at, runs=F("runs") + 1):
        return None
    return RosterUpload.objects.get(pk=upload_id)


def list_waiting(*, at: datetime) -> QuerySet[RosterUpload]:
    """Return the uploads for which no living worker is."""
    return _waiting(at)


def _waiting(at: datetime) -> QuerySet[RosterUpload]:
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    return RosterUpload.objects.filter(free, state__in=AT_WORK)
