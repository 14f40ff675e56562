"""Answers what the brand consists of before anything reads a session."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

GetResponse = Callable[[HttpRequest], HttpResponse]

_BRAND: Final = "/brand/"
_READING: Final = frozenset({"GET", "HEAD"})


class BrandMiddleware:
    """Stands before the sessions: sheets and logos are the same for everybody.

    Shared caches keep them for a year. An answer that has gone through the sessions varies by its
    cookies, which no cache can use, or sets one, which a cache would hand to the next person.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a sheet or a logo, or let the request on."""
        if request.method not in _READING or not request.path_info.startswith(_BRAND):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response
