"""How long the session of this browser lasts, for its pages to warn before the end."""

from django.http import HttpRequest, JsonResponse

from core.accounts.middleware import in_background
from core.accounts.sessions.lifecycle import time_left
from core.common import clock
from core.common.http import get_or_post

_ENDED = 401


@in_background
@get_or_post
def session(request: HttpRequest) -> JsonResponse:
    """Answer `{"signed_in": true, "seconds", "warn_seconds", "is_final"}`, or 401 once it is over.

    For every page of somebody signed in. Asking (GET) is no use of the session and changes
    nothing; staying (POST, with the token of a form) counts as use like any page that is opened,
    and answers the new end. Nothing prolongs past the absolute limit. WCAG 2.2.1, 2.2.6.
    """
    left = time_left(request, at=clock.now())
    if left is None:
        return JsonResponse({"signed_in": False}, status=_ENDED)
    return JsonResponse(
        {
            "signed_in": True,
            "seconds": left.seconds,
            "warn_seconds": left.warn_seconds,
            "is_final": left.is_final,
        }
    )
