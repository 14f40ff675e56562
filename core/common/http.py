"""Which methods the views answer, and how an answer leads on."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

get_only = require_safe
get_or_post = require_http_methods(["GET", "HEAD", "POST"])
"""Every page that answers GET answers HEAD as well (RFC 9110, 9.1): link checkers and mail scanners
ask with it, and a page that takes a form changes something on POST alone."""


def client_redirect(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Make htmx go to the address that a response leads to, as a whole page."""
    if getattr(request, "htmx", False) and isinstance(response, HttpResponseRedirect):
        return HttpResponseClientRedirect(response.url)
    return response
