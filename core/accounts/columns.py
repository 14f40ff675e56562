"""The employees' Remember Me: which column of the Login options page this browser shows first.

It keeps one word, and after a sign-in the person's first name as a hint; it signs nobody in, the
company's own sign-in decides that. Cookies of the browser, not of the session: they are there
before anybody signs in.
"""

from typing import Final
from urllib.parse import quote, unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse

EMPLOYEES: Final = "employees"
_COLUMN: Final = "column"
_NAME: Final = "employee"
_LONGEST_NAME: Final = 40
_LIFE_SECONDS: Final = 180 * 24 * 3600


def keeps_employees_column(request: HttpRequest) -> bool:
    """Tell whether this browser chose the employees' column to be kept."""
    return request.COOKIES.get(_prefixed(_COLUMN)) == EMPLOYEES


def keep_column(response: HttpResponse, *, kept: bool) -> None:
    """Write the choice into a response for half a year, or take it away. Records nothing."""
    if not kept:
        for name in (_COLUMN, _NAME):
            response.delete_cookie(_prefixed(name), samesite="Lax")
        return
    _set(response, _COLUMN, EMPLOYEES)


def keep_name(response: HttpResponse, name: str) -> None:
    """Keep a first name as a hint on this browser, beside the choice of column. Records nothing."""
    _set(response, _NAME, quote(name[:_LONGEST_NAME]))


def kept_name(request: HttpRequest) -> str:
    """Return the name that this browser keeps, "" for none; it proves nothing."""
    name = unquote(request.COOKIES.get(_prefixed(_NAME), ""))[:_LONGEST_NAME]
    return name if name.isprintable() else ""


def _set(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        _prefixed(name),
        value,
        max_age=_LIFE_SECONDS,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def _prefixed(name: str) -> str:
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name
