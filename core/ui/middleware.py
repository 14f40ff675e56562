"""Gives a page to what Django answers with nothing; keeps what pages ask by themselves quiet."""

from collections.abc import Callable
from typing import Any

from django.contrib.messages.storage.base import BaseStorage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from core.common.http import asks_in_background, stop_asking

_NOT_ALLOWED = 405
# Where Django keeps the messages of a request, in the session or a cookie from there.
_MESSAGES = "_messages"
_REDIRECTS = range(300, 400)


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


class QuietBackgroundMiddleware:
    """Lets a page that asks by itself neither lead its person away nor say anything to them.

    While somebody's press is on its way, the page may ask once more how its code is doing. What it
    asked about can be over by then: an answer that leads elsewhere would overtake the press, and a
    page rendered for it would use up the message that the press is answered with.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; a redirect becomes the end of the asking."""
        if not asks_in_background(request):
            return self.get_response(request)
        setattr(request, _MESSAGES, _Unheard(request))
        response = self.get_response(request)
        leads_away = response.status_code in _REDIRECTS or "HX-Redirect" in response.headers
        return stop_asking() if leads_away else response


class _Unheard(BaseStorage):
    """Messages of a request that nobody made: none are there, and none are kept."""

    def _get(self, *_arguments: Any, **_options: Any) -> tuple[list[Any], bool]:
        return [], True

    def update(self, _response: HttpResponseBase) -> list[Any]:
        """Leave the stored messages as they are."""
        return []
