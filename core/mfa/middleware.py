"""Writes the cookie of a remembered browser."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.mfa.browsers.cookie import write_cookie


class BrowserCookieMiddleware:
    """Sets or takes away the cookie of a remembered browser, as noted during the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, then write the cookie."""
        response = self.get_response(request)
        write_cookie(request, response)
        return response
