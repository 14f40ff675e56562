"""How passwords are hashed: Argon2id, and never more hashes at once than the machine has cores."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from core.common.errors import DomainError

# Own figure: how many threads wait for hashes where no web server says how many it has.
_PLACES_ELSEWHERE: Final = 64


class HashingBusyError(DomainError):
    """Too many passwords wait to be checked; nothing was checked."""

    code: ClassVar[str] = "hashing_busy"
    message: ClassVar[str] = (
        "Many people are signing in right now. Nothing you typed was wrong; "
        "wait a moment and try again."
    )


def slots_of_this_process() -> int:
    """Return how many hashes this process may run at once: its share of the machine's cores."""
    cores = os.cpu_count() or 1
    workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
    return max(1, cores // max(1, workers))


def places_of_this_process() -> int:
    """Return how many threads may be at hashes or wait for them: half of a web process's.

    The other half is there for pages that hash nothing, and to refuse whoever finds no place.
    """
    threads = os.environ.get("WEB_THREADS")
    return max(1, int(threads) // 2) if threads else _PLACES_ELSEWHERE


class HashGate:
    """Lets a few hashes through at a time and refuses early when the queue is long.

    A hash takes 46 MiB and a core. Without the gate a hundred sign-ins at once would take the
    memory of the machine and every page would wait for them. `places` counts those who hash and
    those who wait; they must be fewer than the threads of the process, or nobody is left to refuse
    the next one.
    """

    def __init__(self, *, slots: int, places: int, patience_seconds: float) -> None:
        self._slots = threading.BoundedSemaphore(slots)
        self._places = threading.BoundedSemaphore(places)
        self._patience = patience_seconds
        self._mine = threading.local()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue; one is enough for all hashes of the thread that holds it.

        Taken before anything else that one waits for, such as the turn of an e-mail address.
        Raises HashingBusyError at once when the queue is full.
        """
        if getattr(self._mine, "has_place", False):
            yield
            return
        if not self._places.acquire(blocking=False):
            raise HashingBusyError
        self._mine.has_place = True
        try:
            yield
        finally:
            self._mine.has_place = False
            self._places.release()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for one hash. Raises HashingBusyError when the queue is full or slow."""
        with self.place():
            if not self._slots.acquire(timeout=self._patience):
                raise HashingBusyError
            try:
                yield
            finally:
                self._slots.release()


hash_gate = HashGate(
    slots=slots_of_this_process(),
    places=places_of_this_process(),
    patience_seconds=settings.PORTAL_HASH_PATIENCE_SECONDS,
)


class PortalArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass, one lane (OWASP's first choice; account-security.md)."""

    time_cost = 1
    memory_cost = 46 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Return the encoded hash. Raises HashingBusyError."""
        with hash_gate.slot():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compare a password with a hash. Raises HashingBusyError."""
        with hash_gate.slot():
            return super().verify(password, encoded)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do nothing: the parameters stand in the hash, and an upgrade follows a right password."""
