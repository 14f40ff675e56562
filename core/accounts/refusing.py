"""The one place where it is noted that a signed-in person was refused what is out of their reach.

Pages answer 404 for it, as if it did not exist, and 403 for what may be seen and not done; forms
say that there is no such choice. Views need not do anything for it.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from core.accounts.models import User
from core.accounts.services.refusals import record_access_refusal
from core.common import clock
from core.common.context import current_context
from core.common.http import RecordedRefusal

GetResponse = Callable[[HttpRequest], HttpResponse]


class RefusalMiddleware:
    """Records each refusal that a view answers somebody signed in with: `access.refused`.

    Inside of `SessionGuardMiddleware`, which knows who it is. An address that there is not reaches
    no view and is no refusal.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Note what a view refused; the answer stays Django's own."""
        if isinstance(error, Http404):
            note_refusal(request, result="not_found")
        elif isinstance(error, PermissionDenied) and not isinstance(error, RecordedRefusal):
            note_refusal(request, result="forbidden")


def note_refusal(request: HttpRequest, *, result: str) -> None:
    """Record that the person of a request was refused its page; nothing for who is not signed in.

    Called by the middleware, and by a door that leads elsewhere in place of a 404. Of the address
    its name and the keys are kept, nothing that somebody typed and no token of a link.
    """
    match = request.resolver_match
    if match is None or not isinstance(request.user, User):
        return
    keys = {name: key for name, key in match.kwargs.items() if isinstance(key, UUID)}
    record_access_refusal(
        account_id=request.user.id,
        asked_by={"page": match.view_name, "method": str(request.method)},
        keys=keys,
        result=result,
        at=clock.now(),
    )


def note_refused_choices(sender: type, *, keys: Mapping[str, UUID], **_signal: Any) -> None:
    """Record that somebody signed in chose by its key what their form did not offer.

    A receiver of `core.ui.forms.choices_refused`.
    """
    account_id = current_context().actor_id
    if account_id is not None:
        record_access_refusal(
            account_id=account_id,
            asked_by={"form": sender.__name__},
            keys=keys,
            result="not_offered",
            at=clock.now(),
        )
