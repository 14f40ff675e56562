"""Ends sessions that are over, and names the actor of everything that follows."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from core.accounts.guarding import Ended
from core.accounts.models import User
from core.accounts.sessions import check_session, end_session, mark_seen
from core.common import clock
from core.common.context import bind_context

GetResponse = Callable[[HttpRequest], HttpResponse]
View = TypeVar("View", bound=Callable[..., HttpResponse])
BACKGROUND_HEADER = "X-Portal-Background"
_IN_BACKGROUND = "portal_in_background"


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
        if account_id is None:
            return self.get_response(request)
        at = clock.now()
        user = request.user
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
