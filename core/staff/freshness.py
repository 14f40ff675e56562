"""Whether a member of staff has proven just now who they are, before an act that changes much."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.models import User
from core.common import clock
from core.mfa.freshness import is_fresh


def to_fresh_sign_in(request: HttpRequest, user: User) -> HttpResponse | None:
    """Return the way to a fresh sign-in, None when this session has just had one.

    What was posted is not sent again: the page that asks says so.
    """
    if is_fresh(request, user, at=clock.now()):
        return None
    query = {"next": request.path} | ({} if request.method in {"GET", "HEAD"} else {"lost": "1"})
    return HttpResponseRedirect(f"{reverse('mfa:confirm')}?{urlencode(query)}")
