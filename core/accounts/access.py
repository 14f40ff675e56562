"""The door of pages for signed-in people."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.models import User
from core.accounts.sessions.lifecycle import note_lost_session
from core.accounts.signing_in.allauth_wrapper import pending_page
from core.common import clock

EntryCheck = Callable[[HttpRequest], HttpResponse | None]
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


_BEFORE_ENTRY = "portal_before_entry"
_entry_checks: list[EntryCheck] = []
PendingStep = Callable[[HttpRequest], str]
_pending_steps: list[PendingStep] = []


class SignedInRequest(HttpRequest):
    """A request that passed `signed_in`."""

    user: User


def signed_in(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let signed-in people through; others go to Login options and come back afterwards.

    Whose sign-in, or another journey that ends in one, is under way goes to its pending step. The
    entry checks are asked first, for every page that does not say `before_entry`.
    """

    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if isinstance(request.user, User):
            barred = None if hasattr(view, _BEFORE_ENTRY) else _bar(request)
            return barred or view(request, *args, **kwargs)  # type: ignore[arg-type]
        if pending := pending_page(request) or _step_of_another_journey(request):
            return HttpResponseRedirect(pending)
        note_lost_session(request, at=clock.now())
        target = reverse("login_options")
        if request.method in {"GET", "HEAD"}:
            target += "?" + urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(target)

    return update_wrapper(guarded, view)  # type: ignore[return-value]


def register_pending_step(find: PendingStep) -> None:
    """Add where a journey of a browser that is not signed in waits; "" where none is under way.

    Called in `ready()` of the app that owns the journey.
    """
    if find not in _pending_steps:
        _pending_steps.append(find)


def _step_of_another_journey(request: HttpRequest) -> str:
    return next((path for find in _pending_steps if (path := find(request))), "")


def register_entry_check(bar: EntryCheck) -> None:
    """Add what may lead signed-in people elsewhere before they enter a contract's pages.

    Called in `ready()` of the app that owns the check; None lets the request pass.
    """
    if bar not in _entry_checks:
        _entry_checks.append(bar)


def before_entry(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Mark a page that is open to signed-in people before they may enter the contract in hand.

    For pages that show nothing of a contract: what they do lets people enter. Stands below
    `signed_in`.
    """
    setattr(view, _BEFORE_ENTRY, True)
    return view


def _bar(request: HttpRequest) -> HttpResponse | None:
    for bar in _entry_checks:
        answer = bar(request)
        if answer is not None:
            return answer
    return None
