"""Forms that survive a session that ran out: kept at the door, given back after the sign-in.

The same where somebody has to confirm first that it is them (`interrupts`).

A form names what of it may be kept, which is never a password or a code. The browser's session
holds a token; the fields lie sealed in the database and open for the account alone whose session
had ended.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.models import User
from core.accounts.services.typed_forms import Typed, keep_typed_form, take_typed_form
from core.accounts.sessions.lifecycle import ended_account_of
from core.common import clock

TOKEN_KEY: Final = "portal_typed"  # noqa: S105
ONLY_KEEP: Final = "only_keep_typed"
"""Sent by the page's script at the end of a session: nobody has pressed the button."""
_INTERRUPTS: Final = "portal_interrupts_form"
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
Choice = Callable[[HttpRequest], Mapping[str, Typed]]


def keeps_typed(choose: Choice) -> Callable[[View[P]], View[P]]:
    """Keep what `choose` takes from a form that comes without a session any more.

    Stands above `signed_in` (or `staff_page`). The person signs in and comes back to the form with
    what was typed; nothing is done by itself. Where it is not known whose session it was, nothing
    is kept.
    """

    def decorate(view: View[P]) -> View[P]:
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method != "POST":
                return view(request, *args, **kwargs)
            if not isinstance(request.user, User):
                _keep(request, ended_account_of(request), choose(request))
                query = urlencode({"next": request.path})
                return HttpResponseRedirect(f"{reverse('login_options')}?{query}")
            if ONLY_KEEP in request.POST:
                # Another tab has signed in meanwhile: show the form, but do not act on it.
                _keep(request, request.user.id, choose(request))
                return HttpResponseRedirect(request.path)
            answer = view(request, *args, **kwargs)
            if getattr(answer, _INTERRUPTS, False):
                _keep(request, request.user.id, choose(request))
            return answer

        return update_wrapper(guarded, view)  # type: ignore[return-value]

    return decorate


def interrupts(answer: HttpResponse) -> HttpResponse:
    """Mark an answer that leads elsewhere before a form is acted on; the form is kept meanwhile.

    For whoever asks for more than a session, below `keeps_typed`.
    """
    setattr(answer, _INTERRUPTS, True)
    return answer


def fields_named(*names: str, several: Sequence[str] = ()) -> Choice:
    """Return a choice that takes the named fields, as far as they were sent.

    Of those in `several`, such as boxes to tick, all values are kept.
    """

    def choose(request: HttpRequest) -> Mapping[str, Typed]:
        one: dict[str, Typed] = {name: request.POST[name] for name in names if name in request.POST}
        many = {name: request.POST.getlist(name) for name in several if name in request.POST}
        return {**one, **many}

    return choose


def take_typed(request: HttpRequest) -> dict[str, Any]:
    """Return what was typed into this page's form before the session ended, once, else nothing."""
    if request.method != "GET" or not isinstance(request.user, User):
        return {}
    kept = request.session.get(TOKEN_KEY, {})
    if request.path not in kept:
        return {}
    token = kept.pop(request.path)
    request.session[TOKEN_KEY] = kept
    typed = take_typed_form(
        token=token, account_id=request.user.id, path=request.path, at=clock.now()
    )
    return typed or {}


def _keep(request: HttpRequest, account_id: UUID | None, fields: Mapping[str, Typed]) -> None:
    if account_id is None or not any(fields.values()):
        return
    token = keep_typed_form(account_id=account_id, path=request.path, fields=fields, at=clock.now())
    if token is not None:
        request.session[TOKEN_KEY] = {**request.session.get(TOKEN_KEY, {}), request.path: token}
