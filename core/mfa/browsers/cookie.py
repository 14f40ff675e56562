"""The cookie of a remembered browser: read from requests, set and taken away with responses.

Views and stages only note what is to happen; `core.mfa.middleware` writes it into whatever
response leaves, so that no redirect in between loses it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from core.accounts.models import User
from core.accounts.signing_in.remembering import KnownBrowser
from core.mfa.services.browsers import find_known_browser, forget_browser, remember_browser

_PENDING = "portal_browser_cookie"


@dataclass(frozen=True)
class CookieChange:
    """What becomes of the cookie; without a token it goes."""

    token: str = ""
    seconds: int = 0


def cookie_name() -> str:
    """Return the cookie's name; where cookies are Secure, no other host can set it."""
    return "__Host-remembered" if settings.SESSION_COOKIE_SECURE else "remembered"


class CookieMemory:
    """The memory that sign-in asks (core.accounts.signing_in.remembering.BrowserMemory)."""

    def recall(self, request: HttpRequest, *, at: datetime) -> KnownBrowser | None:
        """Return whom the browser may sign in now, or None; no query without a cookie."""
        token = _token_of(request)
        return find_known_browser(token=token, host=_host_of(request), at=at) if token else None

    def forget(self, request: HttpRequest, *, reason: str, at: datetime) -> None:
        """Revoke what the browser presents and take its cookie away."""
        token = _token_of(request)
        if token:
            forget_browser(token=token, reason=reason, at=at)
            setattr(request, _PENDING, CookieChange())


def remember_or_forget(
    request: HttpRequest, user: User, *, option: str | None, at: datetime
) -> None:
    """Remember the browser for an option after a complete sign-in, or forget it (None)."""
    memory = None
    if option is not None:
        memory = remember_browser(
            user=user, option=option, host=_host_of(request), replaces=_token_of(request), at=at
        )
    if memory is None:
        CookieMemory().forget(request, reason="signed_in_without", at=at)
        return
    seconds = int((memory.expires_at - at).total_seconds())
    setattr(request, _PENDING, CookieChange(token=memory.token, seconds=seconds))


def write_cookie(request: HttpRequest, response: HttpResponseBase) -> None:
    """Write what was noted for the cookie into the response.

    It carries an age, so that it outlives the closing of the browser; the row ends by itself.
    """
    change: CookieChange | None = getattr(request, _PENDING, None)
    if change is None:
        return
    if not change.token:
        response.delete_cookie(cookie_name(), samesite="Lax")
        return
    response.set_cookie(
        cookie_name(),
        change.token,
        max_age=change.seconds,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def _token_of(request: HttpRequest) -> str:
    return request.COOKIES.get(cookie_name(), "")


def _host_of(request: HttpRequest) -> str:
    return request.get_host().lower()
