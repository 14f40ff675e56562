"""What waits for approval: for the staff of its contract, and for whoever registered."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from contracts.registration.models import Approval
from contracts.registration.selectors import find_proven_entry
from core.accounts.models import User
from core.groups.waiting import WaitingProvider
from core.staff.permissions import StaffPermission
from core.staff.request_queue.sources import (
    OnFile,
    RequestSource,
    Shown,
    postal_lines,
    register_request_source,
)
from core.staff.scope import StaffActor, StaffScope

QUEUE_KIND: Final = "approval"


def register_approvals() -> None:
    """Make them a kind of request in the queue of staff; called when the app is ready."""
    register_request_source(
        RequestSource(
            kind=QUEUE_KIND,
            label="Registration to approve",
            view=StaffPermission.REGISTRATIONS_VIEW,
            decide=StaffPermission.REGISTRATIONS_DECIDE,
            list_waiting=lambda scope: _in_scope(scope).filter(outcome=""),
            show=_show,
            since="asked_at",
            contract="contract_id",
            place=10,
            on_file=_on_file,
        )
    )


def list_approvals(staff: StaffActor) -> QuerySet[Approval]:
    """Return the approvals in the contracts of a member of staff, decided ones too."""
    return _in_scope(staff.scope(StaffPermission.REGISTRATIONS_VIEW))


def may_decide(staff: StaffActor, approval: Approval) -> bool:
    """Tell whether a member of staff may decide one, which is not their own."""
    scope = staff.scope(StaffPermission.REGISTRATIONS_DECIDE)
    return approval.user_id != staff.user.id and scope.covers(approval.contract_id)


def awaits_approval(user_id: UUID, contract_id: UUID) -> bool:
    """Tell whether an account waits for an approval in a contract (AccessKeeper)."""
    waiting = Approval.objects.filter(user_id=user_id, contract_id=contract_id, outcome="")
    return waiting.exists()


def list_waiting_providers(user: User) -> Sequence[WaitingProvider]:
    """Return what waits for approval of an account, the oldest first (WaitingFinder)."""
    waiting = Approval.objects.filter(user=user, outcome="").select_related("registration")
    return [
        WaitingProvider(
            contract_id=one.contract_id,
            name=one.provider_name,
            place=one.provider_place,
            since=one.asked_at,
            until=one.registration.reserved_until,
            withdraw_url=reverse("registration:withdraw", args=[one.id]),
        )
        for one in waiting.order_by("asked_at", "id")
    ]


def _in_scope(scope: StaffScope) -> QuerySet[Approval]:
    return scope.narrow(Approval.objects.select_related("user", "registration"))


def _on_file(approval: Approval) -> list[OnFile]:
    entry = find_proven_entry(approval.registration)
    if entry is None:
        return []
    return [OnFile(name=entry.name, lines=postal_lines(entry), email=entry.notice_email)]


def _show(approval: Approval) -> Shown:
    place = f", {approval.provider_place}" if approval.provider_place else ""
    return Shown(
        title=f"{approval.user.get_full_name()}, for {approval.provider_name}{place}",
        url=reverse("approvals:approval", args=[approval.id]),
        state="Approved once, a second person has to confirm" if approval.first_by else "",
    )
