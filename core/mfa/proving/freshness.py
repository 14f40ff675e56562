"""Whether password and factor were proven just now, and the door of pages that need it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import update_wrapper
from typing import Concatenate, ParamSpec, Protocol
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.access import SignedInRequest
from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import last_proven
from core.accounts.typed_forms import interrupts
from core.common import clock
from core.common.http import client_redirect
from core.mfa.policies import counting_methods
from core.mfa.selectors import working_kinds

# Our own figure: long enough to change two things in a row, short enough for an open desk.
FRESH_MINUTES = 5
P = ParamSpec("P")
SignedInView = Callable[Concatenate[SignedInRequest, P], HttpResponse]


def is_fresh(
    request: HttpRequest, user: User, *, minutes: int = FRESH_MINUTES, at: datetime
) -> bool:
    """Tell whether this session proved password and factor within so many minutes.

    An account with a working app or passkey proves one of these, or a recovery code in its place:
    a factor of another kind must not buy a stronger one, nor take one away. A remembered browser
    has proven neither. It ends on the second.
    """
    since = (at - timedelta(minutes=minutes)).timestamp()
    if other := other_confirmation(request):
        return other.is_fresh(request, user, since)
    proven = last_proven(request, user, among=counting_methods(working_kinds(user.id)))
    return all(moment is not None and moment > since for moment in proven)


class OtherConfirmation(Protocol):
    """Another way to confirm that it is you, for sessions that began without a password here."""

    def holds_for(self, request: HttpRequest) -> bool:
        """Tell whether it is the way for this session."""

    def is_fresh(self, request: HttpRequest, user: User, since: float) -> bool:
        """Tell whether the session was confirmed so after a moment (seconds since 1970)."""

    def page(self) -> str:
        """Return the path of the page that asks; it takes `next` and `lost`."""


_others: list[OtherConfirmation] = []


def register_confirmation(other: OtherConfirmation) -> None:
    """Add another way to confirm. Called in `ready()` of the app that owns such sessions."""
    _others.append(other)


def other_confirmation(request: HttpRequest) -> OtherConfirmation | None:
    """Return the way of this session where it is another than password and factor."""
    return next((other for other in _others if other.holds_for(request)), None)


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
            return client_redirect(request, to_confirmation(request))

        return update_wrapper(guarded, view)  # type: ignore[return-value]

    return decorate


def to_confirmation(request: HttpRequest, *, back_to: str = "") -> HttpResponse:
    """Lead to the page that asks for password and factor, and back.

    A form that was sent is not acted on; it comes back where the page `keeps_typed`.

    A session of an identity provider is led there instead. `back_to` names the page to come back
    to where that is another one: the way of a button that is no page itself.
    """
    if request.method in {"GET", "HEAD"}:
        query = {"next": request.get_full_path()}
    else:
        query = {"next": request.path, "lost": "1"}
    if back_to:
        query = {"next": reverse(back_to)}
    other = other_confirmation(request)
    page = other.page() if other else reverse("mfa:confirm")
    return interrupts(HttpResponseRedirect(f"{page}?{urlencode(query)}"))
