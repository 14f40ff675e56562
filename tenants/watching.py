"""The thread that notices publications of other processes.

It has a connection of its own, so that no request pays for it. It listens for the notification
that a publication sends and asks for the epoch after each one, and anyway twice a second: behind a
pooler, or after a lost connection, asking is what finds out.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from functools import partial

import psycopg
from django.conf import settings

from tenants.backend.sessions import open_session

logger = logging.getLogger(__name__)

CHANNEL = "portal_registry"
INTERVAL = 0.5
"""Seconds between two looks at the epoch: half of what a publication may take to be seen."""

_EPOCH = "SELECT epoch FROM public.tenants_registryepoch WHERE id = 1"


class Watcher:
    """One thread of one process that calls `stale` when the database's epoch is another one."""

    def __init__(self, known: Callable[[], int | None], stale: Callable[[], None]) -> None:
        self._known = known
        self._stale = stale
        self._stopped = threading.Event()
        self._connect = partial(
            open_session, "default", connect_timeout=2, application_name="portal registry"
        )
        self.thread = threading.Thread(target=self._run, name="registry-watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self.thread.start()

    def stop(self) -> None:
        """Stop watching and wait for the thread."""
        self._stopped.set()
        self.thread.join()

    def _run(self) -> None:
        troubled = False
        while not self._stopped.is_set():
            try:
                with self._connect() as connection:
                    troubled = False
                    self._watch(connection)
            except psycopg.Error as error:
                if not troubled:
                    logger.warning("the registry cannot ask for publications: %s", error)
                troubled = True
                self._stopped.wait(INTERVAL)

    def _watch(self, connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        while not self._stopped.is_set():
            self._compare(connection)
            for _notification in connection.notifies(timeout=INTERVAL, stop_after=1):
                pass

    def _compare(self, connection: psycopg.Connection) -> None:
        row = connection.execute(_EPOCH).fetchone()
        known = self._known()
        if known is not None and (row is None or row[0] != known):
            self._stale()


class _Holder:
    watcher: Watcher | None = None
    lock = threading.Lock()


def ensure_watcher(known: Callable[[], int | None], stale: Callable[[], None]) -> None:
    """Have this process watch; returns at once when it does, or when the settings say no."""
    if _Holder.watcher is not None or not settings.PORTAL_WATCH_REGISTRY:
        return
    with _Holder.lock:
        if _Holder.watcher is None:
            _Holder.watcher = Watcher(known, stale)
            _Holder.watcher.start()


def stop_watcher() -> None:
    """Stop this process's watcher, if it has one. For tests and orderly ends."""
    with _Holder.lock:
        watcher, _Holder.watcher = _Holder.watcher, None
    if watcher is not None:
        watcher.stop()


def _after_fork() -> None:
    """A thread does not live on in a child; its connection belongs to the parent."""
    _Holder.watcher = None
    _Holder.lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
