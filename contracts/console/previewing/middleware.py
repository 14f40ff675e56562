"""Answers links to previews before anything reads a session, a cookie or a form's token."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from contracts.console.previewing.doors import is_at_home

_FIRST: Final = "/preview/"


class PreviewMiddleware:
    """Stands before the sessions: whoever opens a link keeps theirs as it is, and gets no cookie.

    On the portal host alone; elsewhere there is no such page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a link, or let the request on."""
        if not (is_at_home(request) and request.path_info.startswith(_FIRST)):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response
