"""Whether password and factor were proven just now, and the door of pages that need it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.access import SignedInRequest
from core.accounts.allauth_wrapper import last_proven
from core.accounts.models import User
from core.common import clock
from core.mfa.views.shared import client_redirect

# Our own figure: long enough to change two things in a row, short enough for an open desk.
FRESH_MINUTES = 5
P = ParamSpec("P")
SignedInView = Callable[Concatenate[SignedInRequest, P], HttpResponse]


def is_fresh(
    request: HttpRequest, user: User, *, minutes: int = FRESH_MINUTES, at: datetime
) -> bool:
    """Tell whether this session proved password and factor within so many minutes.

    A remembered browser has proven neither. It ends on the second.
    """
    proven = last_proven(request, user)
    since = (at - timedelta(minutes=minutes)).timestamp()
    return all(moment is not None and moment > since for moment in proven)


def fresh_sign_in(
    minutes: int = FRESH_MINUTES,
) -> Callable[[SignedInView[P]], SignedInView[P]]:
    """Let through who has proven password and factor just now; others do so and come back.

    For pages that change an address, phone, factor or password (account-security.md), below
    `signed_in`. What was posted is not sent again: the page that asks says so.
    """

    def decorate(view: SignedInView[P]) -> SignedInView[P]:
        def guarded(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if is_fresh(request, request.user, minutes=minutes, at=clock.now()):
                return view(request, *args, **kwargs)
            return client_redirect(request, _to_confirmation(request))

        return update_wrapper(guarded, view)  # type: ignore[return-value]

    return decorate


def _to_confirmation(request: HttpRequest) -> HttpResponse:
    if request.method in {"GET", "HEAD"}:
        query = {"next": request.get_full_path()}
    else:
        query = {"next": request.path, "lost": "1"}
    return HttpResponseRedirect(f"{reverse('mfa:confirm')}?{urlencode(query)}")
