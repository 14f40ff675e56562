"""What a web process answers until it knows that the database is there and keeps sessions apart."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIRequest

from config.middleware import RequestIdMiddleware, SecurityHeadersMiddleware, unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def closed(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Answer 503 with the page that says try again, and the headers that every page has."""
    answer = RequestIdMiddleware(SecurityHeadersMiddleware(unavailable))
    response = answer(WSGIRequest(environ))
    start_response(f"503 {response.reason_phrase}", list(response.items()))
    return [response.content]
