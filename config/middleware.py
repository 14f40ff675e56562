"""Middleware that knows nothing of contracts: request id, headers, a database that is away."""

import logging
import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from core.common.content_policy import content_policy
from core.common.context import bind_context
from core.common.ids import uuid7
from core.common.networks import is_in, read_address
from core.common.problems import DATABASE_AWAY, problem_response, speaks_problems

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"^[A-Za-z0-9-]{8,64}\Z")
_FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REQUEST_ID",
)

CONTENT_SECURITY_POLICY = content_policy()


class RequestIdMiddleware:
    """Gives each request an id, binds the request's context and puts the id on the response."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request inside its context."""
        if not _is_trusted(request):
            _forget_forwarded(request)
        request_id = _request_id(request)
        with bind_context(request_id=request_id, remote_address=remote_address(request)):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


def _is_trusted(request: HttpRequest) -> bool:
    return is_in(request.META.get("REMOTE_ADDR", ""), settings.PORTAL_TRUSTED_PROXIES)


def _forget_forwarded(request: HttpRequest) -> None:
    """Drop what only a proxy may say: Django asks nobody from whom X-Forwarded-Proto came."""
    for name in _FORWARDED:
        request.META.pop(name, None)


def _request_id(request: HttpRequest) -> str:
    offered = request.META.get("HTTP_X_REQUEST_ID", "")
    return offered if _REQUEST_ID.match(offered) else str(uuid7())


def remote_address(request: HttpRequest) -> str:
    """Return the address of the caller; forwarded ones count only from trusted networks."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    if not _is_trusted(request):
        return peer
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_in(hop, settings.PORTAL_TRUSTED_PROXIES):
            address = read_address(hop)
            return str(address) if address else peer
    return peer


class OddRequestMiddleware:
    """Refuses a body that no form of ours has, and drops cookies that no browser of ours sends.

    Django limits the fields of a form but not the files beside them, which it would write to the
    disk before any view is asked; the only files that the portal takes are small, except rosters:
    the view that takes one has asked who it is before it reads. A quoted cookie may hold any octet,
    and the database refuses a session's key with a NUL in it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request without the odd cookies. Raises RequestDataTooBig, answered with 400."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > _largest_body(request):
            raise RequestDataTooBig("A body larger than any form of the portal.")
        request.COOKIES = {
            name: value for name, value in request.COOKIES.items() if value.isprintable()
        }
        return self.get_response(request)


def _largest_body(request: HttpRequest) -> int:
    if re.fullmatch(settings.PORTAL_LARGE_BODY, request.path_info):
        return int(settings.PORTAL_LARGEST_ROSTER + settings.PORTAL_LARGEST_BODY)
    return int(settings.PORTAL_LARGEST_BODY)


class SecurityHeadersMiddleware:
    """Puts the content policy on every response and keeps personal pages out of caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers that Django's own middleware does not know."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"
        )
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class DatabaseTroubleMiddleware:
    """Answers 503 with a page that says try again when the database is away."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request."""
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError) as error:
            return _without_database(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a lost database in a view into the same page."""
        if isinstance(error, OperationalError | InterfaceError):
            return _without_database(request, error)
        return None


def _without_database(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("the database did not answer", exc_info=error)
    return problem_response(DATABASE_AWAY) if speaks_problems(request) else unavailable()


def unavailable(_request: HttpRequest | None = None) -> HttpResponse:
    """Return the page that says try again."""
    # Without the request, so that no context processor asks the database for anything.
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = "5"
    return response
