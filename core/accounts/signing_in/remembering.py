"""What sign-in asks of the app that remembers browsers (core.mfa, to the left of this one)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.http import HttpRequest

from core.accounts.models import User


@dataclass(frozen=True)
class KnownBrowser:
    """A browser that may sign somebody in by one option until a moment."""

    user: User
    option: str
    expires_at: datetime


class BrowserMemory(Protocol):
    """Finds and forgets the remembered browser that a request comes from."""

    def recall(self, request: HttpRequest, *, at: datetime) -> KnownBrowser | None:
        """Return whom the browser may sign in now, or None; changes nothing."""

    def forget(self, request: HttpRequest, *, reason: str, at: datetime) -> None:
        """Revoke what the browser presents and take its cookie away with the response."""


_memories: list[BrowserMemory] = []


def register_browser_memory(memory: BrowserMemory) -> None:
    """Name the app's memory. Called in `ready()` of the app that owns remembered browsers."""
    _memories[:] = [memory]


def browser_memory() -> BrowserMemory:
    """Return the registered memory. Raises LookupError when no app has one."""
    if not _memories:
        raise LookupError("No app remembers browsers.")
    return _memories[0]
