"""Around the WSGI application: nothing that one request sets is seen by another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


def run_in_copied_context(application: WSGIApplication) -> WSGIApplication:
    """Return the application with each call in a copy of the server's context.

    What a request leaves behind in a ContextVar ends with it, whatever the server's threads do. A
    streamed body is iterated by the server, outside that copy and so in no contract: a body that
    needs one is wrapped in `tenants.context.rebound`.
    """

    def in_copied_context(
        environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        call: Callable[..., Iterable[bytes]] = application
        return copy_context().run(call, environ, start_response)

    return in_copied_context
