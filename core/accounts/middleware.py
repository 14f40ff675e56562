"""Ends sessions that are over, and names the actor of everything that follows."""

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from core.accounts.models import User
from core.accounts.sessions import check_session, end_session, mark_seen
from core.common import clock
from core.common.context import bind_context

GetResponse = Callable[[HttpRequest], HttpResponse]
BACKGROUND_HEADER = "X-Portal-Background"


class SessionGuardMiddleware:
    """Looks at each signed-in request: host, account, policy, idle and absolute limit.

    Requests that a page makes by itself carry the header `X-Portal-Background`; they do not count
    as activity, or an open page would keep its session alive for ever.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request as whoever is signed in after the check."""
        if SESSION_KEY not in request.session:
            return self.get_response(request)
        user = request.user
        if not isinstance(user, User):
            # The account was deactivated: nothing of the session may stay.
            request.session.flush()
            return self.get_response(request)
        at = clock.now()
        reason = check_session(request, user, at=at)
        if reason is not None:
            end_session(request, reason)
            return self.get_response(request)
        if BACKGROUND_HEADER not in request.headers:
            mark_seen(request, at=at)
        with bind_context(actor_id=user.id):
            return self.get_response(request)
