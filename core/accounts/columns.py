"""The employees' Remember Me: which column of the Login options page this browser shows first.

It keeps one word and nothing of a person, so it signs nobody in; the company's own sign-in decides
that. A cookie of the browser, not of the session: it is there before anybody signs in.
"""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

EMPLOYEES: Final = "employees"
_LIFE_SECONDS: Final = 180 * 24 * 3600


def keeps_employees_column(request: HttpRequest) -> bool:
    """Tell whether this browser chose the employees' column to be kept."""
    return request.COOKIES.get(_cookie_name()) == EMPLOYEES


def keep_column(response: HttpResponse, *, kept: bool) -> None:
    """Write the choice into a response for half a year, or take it away. Records nothing."""
    if not kept:
        response.delete_cookie(_cookie_name(), samesite="Lax")
        return
    response.set_cookie(
        _cookie_name(),
        EMPLOYEES,
        max_age=_LIFE_SECONDS,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def _cookie_name() -> str:
    return "__Host-column" if settings.SESSION_COOKIE_SECURE else "column"
