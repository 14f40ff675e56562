"""Around the WSGI application: nothing that one request sets is seen by another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from tenants.errors import TenancyError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

logger = logging.getLogger(__name__)

_ALWAYS = frozenset({"/healthz", "/readyz"})


def run_in_copied_context(
    application: WSGIApplication, *, closed: WSGIApplication
) -> WSGIApplication:
    """Return the application with each call in a copy of the server's context.

    What a request leaves behind in a ContextVar ends with it, whatever the server's threads do. A
    streamed body is iterated by the server, outside that copy and so in no contract: a body that
    needs one is wrapped in `tenants.context.rebound`.

    The first request of a process asks the database whether sessions are kept apart
    (`tenants.identity.probe`). Until that is certain every request but those of the probes and
    the pages' own files is answered by `closed`, which asks the database for nothing; the next
    one asks again.
    """
    gate = StartUpGate()

    def in_copied_context(
        environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        call: Callable[..., Iterable[bytes]] = application
        if not _needs_no_database(environ) and not copy_context().run(gate.is_open):
            call = closed
        return copy_context().run(call, environ, start_response)

    return in_copied_context


def _needs_no_database(environ: dict[str, Any]) -> bool:
    path = environ.get("PATH_INFO", "")
    return path in _ALWAYS or path.startswith(settings.STATIC_URL)


class StartUpGate:
    """Open once the start-up probe has passed, for as long as the process lives."""

    def __init__(self, check: Callable[[], None] | None = None) -> None:
        self._check = check or _check_everything
        self._open = False

    def is_open(self) -> bool:
        """Return whether the probe has passed; asks again after each failure."""
        if not self._open:
            try:
                self._check()
            except TenancyError:
                logger.critical("database sessions are mixed: nothing is served", exc_info=True)
            except (DatabaseError, InterfaceError, psycopg.Error):
                logger.warning("the start-up probe could not ask the database", exc_info=True)
                # No request's end does it for us: the next question needs a new connection.
                connection.close()
            else:
                self._open = True
        return self._open


def _check_everything() -> None:
    # Models can be imported once Django is set up, which is after this module is read.
    from tenants.identity.probe import check_everything  # noqa: PLC0415

    check_everything()
