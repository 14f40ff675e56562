"""What is known about the work in hand: request id, contract, actor, where from, by which rights.

Audit events and log lines read it, so that no service passes these along by hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack
from uuid import UUID


@dataclass(frozen=True)
class RequestContext:
    """One request, task or command."""

    request_id: str = ""
    contract_id: UUID | None = None
    actor_id: UUID | None = None
    remote_address: str = ""
    elevation_id: UUID | None = None
    """The elevated rights under which somebody of staff acts."""
    token_id: UUID | None = None
    """The API's token by which they act."""


class ContextFields(TypedDict, total=False):
    """The fields that `bind_context` may set."""

    request_id: str
    contract_id: UUID | None
    actor_id: UUID | None
    remote_address: str
    elevation_id: UUID | None
    token_id: UUID | None


_context: ContextVar[RequestContext] = ContextVar("request_context")
_NOTHING_KNOWN = RequestContext()


def current_context() -> RequestContext:
    """Return what is known about the work in hand; empty outside any."""
    return _context.get(_NOTHING_KNOWN)


@contextmanager
def bind_context(**fields: Unpack[ContextFields]) -> Iterator[RequestContext]:
    """Set some fields for the length of a `with` block and put the former ones back."""
    token = _context.set(replace(current_context(), **fields))
    try:
        yield _context.get()
    finally:
        _context.reset(token)


def extend_context(**fields: Unpack[ContextFields]) -> None:
    """Set some fields until the enclosing `bind_context` ends.

    For a door that learns who acts after it has opened the context.
    """
    _context.set(replace(current_context(), **fields))
