"""Pages for what went wrong, and the gallery of components (local only)."""

import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from core.common.context import current_context
from core.common.problems import DATABASE_AWAY, Problem, problem_response, speaks_problems
from core.ui.gallery import gallery_context

RETRY_SECONDS = "5"
_NO_ADDRESS = "There is no such address. Those of the API end in a slash, and are at /api/v1/docs/."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be understood, or holds more than any form of ours sends."""
    is_too_large = isinstance(exception, TooManyFieldsSent | TooManyFilesSent | RequestDataTooBig)
    if speaks_problems(request):
        most = settings.PORTAL_LARGEST_BODY
        detail = f"No call takes more than {most:,} bytes: send larger files in chunks."
        large = Problem(413, "body_too_large", detail)
        odd = Problem(400, "bad_request", "The request cannot be understood.")
        return problem_response(large if is_too_large else odd)
    return render(request, "400.html", {"is_too_large": is_too_large}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that the person may not make."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist, or is out of the person's scope."""
    if speaks_problems(request):
        return problem_response(Problem(404, "not_found", _NO_ADDRESS))
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a failure of ours: an id to quote, nothing of the inside.

    A database that is away is no fault of the page: 503, try again. Middleware cannot answer so
    for the middleware below it, because Django turns each one's exception into a call of this
    view before the next one outside sees it.
    """
    # Without the request: a context processor that fails must not fail twice.
    is_away = isinstance(sys.exception(), OperationalError | InterfaceError)
    if is_away and speaks_problems(request):
        return problem_response(DATABASE_AWAY)
    if is_away:
        response = HttpResponse(render_to_string("503.html"), status=503)
        response["Retry-After"] = RETRY_SECONDS
        return response
    if speaks_problems(request):
        detail = "It is logged under the id of this request."
        return problem_response(Problem(500, "server_error", detail))
    page = render_to_string("500.html", {"request_id": current_context().request_id})
    return HttpResponse(page, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form from a page that is too old, with a way back."""
    return render(request, "csrf.html", status=403)


def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in each state."""
    return render(request, "ui/gallery.html", gallery_context(timezone.now()))
