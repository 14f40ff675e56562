"""Reads sessions with their accounts, ends what is over, names the actor of what follows."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from core.accounts.models import User
from core.accounts.sessions.guarding import Ended
from core.accounts.sessions.lifecycle import check_session, end_session, mark_seen, sign_in_goes_on
from core.accounts.signing_in.backends import account_in_hand
from core.common import clock
from core.common.context import bind_context
from core.common.http import BACKGROUND_HEADER

GetResponse = Callable[[HttpRequest], HttpResponse]
View = TypeVar("View", bound=Callable[..., HttpResponse])
_IN_BACKGROUND = "portal_in_background"
_USER = "portal_user"


class PortalSessionMiddleware(SessionMiddleware):
    """Django's own, but a session that ended while its request ran is no error."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Write the session; what was ended meanwhile does not come back.

        Where another request of the same sign-in gave it a new key, the browser has that one
        already, and only what this request wanted to note is lost. For the same reason a key
        without a row is not taken from the browser: it may have a newer one by now.
        """
        if getattr(request.session, "is_lost", False) and not request.session.modified:
            return response
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            if sign_in_goes_on(getattr(request.session, "sign_in", None)):
                return response
            answer = HttpResponseRedirect(reverse("login_options"))
            answer.delete_cookie(settings.SESSION_COOKIE_NAME, samesite="Lax")
            return answer


class PortalAuthenticationMiddleware(AuthenticationMiddleware):
    """Django's own, but the account comes with its session, without a statement more."""

    def process_request(self, request: HttpRequest) -> None:
        """Put the account of the session on the request, once somebody asks for it."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _user_of(request))  # type: ignore[assignment]


def _user_of(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    user: AbstractBaseUser | AnonymousUser | None = getattr(request, _USER, None)
    if user is None:
        request.session.get(SESSION_KEY)  # reads the session, and its account with it
        with account_in_hand(getattr(request.session, "account", None)):
            user = get_user(request)
        setattr(request, _USER, user)
    return user


class SessionGuardMiddleware:
    """Looks at each signed-in request: host, account, policy, idle and absolute limit.

    Requests that a page makes by itself carry the header `X-Portal-Background` or go to a view
    that is marked `in_background`; they do not count as activity, or an open page would keep its
    session alive for ever.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request as whoever is signed in after the check."""
        account_id = _account_of(request)
        # Pages ask often, and each look through a lazy object costs.
        user = request.user = _user_of(request)  # type: ignore[assignment]
        if account_id is None:
            return self.get_response(request)
        at = clock.now()
        if not isinstance(user, User):
            end_session(request, _why_gone(request), account_id=account_id, at=at)
            return self.get_response(request)
        reason = check_session(request, user, at=at)
        if reason is not None:
            end_session(request, reason, account_id=user.id, at=at)
            return self.get_response(request)
        with bind_context(actor_id=user.id):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_arguments: object
    ) -> None:
        """Note the activity, unless a page asks by itself: by its header, or for such a view."""
        asks = request.method == "GET" and getattr(view, _IN_BACKGROUND, False)
        if not asks and BACKGROUND_HEADER not in request.headers:
            mark_seen(request, at=clock.now())


def in_background(view: View) -> View:
    """Mark a view that pages ask by themselves: a GET is no activity, whatever its headers say."""
    setattr(view, _IN_BACKGROUND, True)
    return view


def _account_of(request: HttpRequest) -> UUID | None:
    """Return whose session it says it is, before Django looks at it."""
    key = request.session.get(SESSION_KEY)
    return UUID(str(key)) if key else None


def _why_gone(request: HttpRequest) -> Ended:
    """Say why Django knows nobody: it has emptied the session of a changed password itself."""
    return Ended.DEACTIVATED if SESSION_KEY in request.session else Ended.ACCOUNT_CHANGED
