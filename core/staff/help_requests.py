"""Requests for help as a kind of request in the queue of staff."""

from typing import Final

from django.db.models import QuerySet
from django.urls import reverse

from core.mfa.models import HelpRequest
from core.staff.permissions import StaffPermission
from core.staff.request_queue.sources import RequestSource, Shown, register_request_source
from core.staff.scope import StaffScope

HELP_KIND: Final = "help_request"


def list_in_scope(scope: StaffScope) -> QuerySet[HelpRequest]:
    """Return the requests for help in a scope, closed ones too."""
    return scope.narrow(HelpRequest.objects.all())


def register_help_requests() -> None:
    """Make them a kind of request; called when the app is ready."""
    register_request_source(
        RequestSource(
            kind=HELP_KIND,
            label="Help to sign in",
            view=StaffPermission.USERS_VIEW,
            decide=StaffPermission.USERS_RESEND,
            list_waiting=lambda scope: list_in_scope(scope).filter(closed_at__isnull=True),
            show=_show,
            since="requested_at",
            contract="contract_id",
            place=40,
        )
    )


def _show(request: HelpRequest) -> Shown:
    return Shown(
        title=f"{request.get_kind_display()}, {request.reference}",
        url=reverse("staff:request", args=[request.id]),
    )
