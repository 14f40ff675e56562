"""Disputes as a kind of request in the queue of staff."""

from typing import Final

from django.urls import reverse

from contracts.disputes.models import Dispute, DisputeState
from contracts.disputes.selectors import list_in_scope, list_on_file
from core.staff.permissions import StaffPermission
from core.staff.request_queue.sources import (
    OnFile,
    RequestSource,
    Shown,
    postal_lines,
    register_request_source,
)

QUEUE_KIND: Final = "dispute"


def register_disputes() -> None:
    """Make them a kind of request; called when the app is ready."""
    register_request_source(
        RequestSource(
            kind=QUEUE_KIND,
            label="Dispute over an identifier",
            view=StaffPermission.REGISTRATIONS_VIEW,
            decide=StaffPermission.REGISTRATIONS_DECIDE,
            list_waiting=lambda scope: list_in_scope(scope).filter(state=DisputeState.OPEN),
            show=_show,
            since="asked_at",
            contract="contract_id",
            place=30,
            on_file=_on_file,
        )
    )


def _on_file(dispute: Dispute) -> list[OnFile]:
    return [
        OnFile(name=entry.name, lines=postal_lines(entry), email=entry.notice_email)
        for entry in list_on_file(dispute)
    ]


def _show(dispute: Dispute) -> Shown:
    return Shown(
        title=f"Dispute {dispute.reference}",
        url=reverse("disputes:decide", args=[dispute.id]),
        state="Upheld once, a second person has to confirm" if dispute.first_by else "",
    )
