"""The sealer: a process of its own that seals what is written, and keeps heads."""

import logging
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from types import FrameType
from typing import Final

from django.db import Error, connection

from core.audit.heads.keeping import Keeper
from core.audit.sealing import seal_events
from core.common import clock

EVERY: Final = 0.25
"""Seconds between two looks when nothing waits; sealed is what is written within one second."""
HEADS_EVERY: Final = timedelta(minutes=1)
_AFTER_TROUBLE: Final = 2.0

logger = logging.getLogger(__name__)


class Sealer:
    """Seals until it is asked to stop, whatever happens to database and store meanwhile."""

    def __init__(self, keeper: Keeper, *, now: Callable[[], datetime] = clock.now) -> None:
        self._keeper, self._now = keeper, now
        self._stop = Event()
        self._heads_due: datetime | None = None

    def stop(self, *_: "int | FrameType | None") -> None:
        """Ask it to end after the turn that is in hand; also the handler of a signal."""
        self._stop.set()

    def stop_on_signals(self) -> None:
        """End when the process is asked to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)

    def run(self) -> None:
        """Seal and keep heads, over and over."""
        while not self._stop.is_set():
            try:
                self._stop.wait(0 if self.turn() else EVERY)
            except (Error, OSError):
                logger.exception("what was written waits for its seal")
                connection.close()
                self._stop.wait(_AFTER_TROUBLE)

    def turn(self) -> int:
        """Seal what waits, and keep heads when they are due; returns how many were sealed."""
        at = self._now()
        sealed = seal_events(at=at)
        if self._heads_due is None or at >= self._heads_due:
            # Before they are kept: a store that is away is asked again in a minute.
            self._heads_due = at + HEADS_EVERY
            self._keeper.keep_heads(at=at)
        return sealed
