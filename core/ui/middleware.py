"""Gives a page to what Django answers with nothing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_NOT_ALLOWED = 405


class MethodPageMiddleware:
    """Shows a browser the portal's own page where an address does not take the method (405).

    Django answers with an empty body, which a browser shows as a failure of its own. Whoever asks
    for no page (a provider's report, a script) keeps the bare answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        if response.status_code != _NOT_ALLOWED or response.content:
            return response
        if not request.accepts("text/html"):
            return response
        page = render(request, "405.html", status=_NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page
