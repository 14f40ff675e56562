"""Which methods the views answer, and how an answer leads on."""

from collections.abc import Iterable
from typing import TypeVar, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

Row = TypeVar("Row", bound=Model)

BACKGROUND_HEADER = "X-Portal-Background"
"""What a page sends along with a request that it makes by itself."""
STOP_ASKING = 286
"""htmx takes this status as the end of its polling."""


class RecordedRefusal(PermissionDenied):
    """Answered like any 403; whoever raises it has recorded the refusal in words of its own."""


get_only = require_safe
get_or_post = require_http_methods(["GET", "HEAD", "POST"])
"""Every page that answers GET answers HEAD as well (RFC 9110, 9.1): link checkers and mail scanners
ask with it, and a page that takes a form changes something on POST alone."""


def client_redirect(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Make htmx go to the address that a response leads to, as a whole page."""
    if getattr(request, "htmx", False) and isinstance(response, HttpResponseRedirect):
        return HttpResponseClientRedirect(response.url)
    return response


def asks_in_background(request: HttpRequest) -> bool:
    """Tell whether a page asks by itself, and nobody has pressed anything."""
    return request.method == "GET" and BACKGROUND_HEADER in request.headers


def stop_asking() -> HttpResponse:
    """Answer a page that asks by itself: nothing comes any more, leave what you show."""
    return HttpResponse(status=STOP_ASKING, headers={"HX-Reswap": "none"})


def streamed_sheet(name: str, pieces: Iterable[str]) -> HttpResponse:
    """Return a file that goes out while it is made: `core.common.tables.sheet_pieces`."""
    return streamed_file(name, pieces, content_type="text/csv")


def streamed_file(name: str, pieces: Iterable[str], *, content_type: str) -> HttpResponse:
    """Return a file of text that goes out while it is made."""
    response = StreamingHttpResponse(pieces, content_type=f"{content_type}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    # Both kinds of response go through the same doors, which are typed by the usual one.
    return cast("HttpResponse", response)


def key_or_404(text: str) -> UUID:
    """Return the key that a form names. Raises Http404 for a text that no page of ours has made."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def row_or_404(rows: QuerySet[Row], key: UUID) -> Row:
    """Return the row of a key among those that somebody may see. Raises Http404 otherwise.

    Called by access functions: what is not among the rows answers as if it did not exist.
    """
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found
