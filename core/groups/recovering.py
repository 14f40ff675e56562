"""What staff reach of the requests to recover a group, and what they may decide."""

from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime

from core.groups.address_on_file import address_on_file
from core.groups.models import Membership, RecoveryRequest
from core.groups.selectors import contracts_of_group, list_group_admins
from core.groups.states import LIVE_RECOVERIES
from core.staff.permissions import StaffPermission
from core.staff.request_queue.sources import (
    OnFile,
    RequestSource,
    Shown,
    postal_lines,
    register_request_source,
)
from core.staff.scope import StaffActor, StaffScope

QUEUE_KIND: Final = "recovery"


def register_recoveries() -> None:
    """Make them a kind of request in the queue of staff; called when the app is ready."""
    register_request_source(
        RequestSource(
            kind=QUEUE_KIND,
            label="Recovery of a group",
            view=StaffPermission.REGISTRATIONS_VIEW,
            decide=StaffPermission.REGISTRATIONS_DECIDE,
            list_waiting=lambda scope: _in_scope(scope).filter(state__in=LIVE_RECOVERIES),
            show=_show,
            since="asked_at",
            contract="provider__contract_id",
            place=20,
            on_file=_on_file,
        )
    )


def list_in_scope(staff: StaffActor) -> QuerySet[RecoveryRequest]:
    """Return the requests about providers in the programs of a staff member."""
    return _in_scope(staff.scope(StaffPermission.REGISTRATIONS_VIEW))


def _show(recovery: RecoveryRequest) -> Shown:
    until = recovery.takes_effect_at
    return Shown(
        title=f"{recovery.user.get_full_name()}, for {recovery.provider.name}",
        url=reverse("staff_recovery", args=[recovery.id]),
        state=f"{recovery.get_state_display()} until {localtime(until):%B %-d}" if until else "",
    )


def _on_file(recovery: RecoveryRequest) -> list[OnFile]:
    provider = recovery.provider
    lines = postal_lines(provider)
    return [OnFile(name=provider.name, lines=lines, email=address_on_file(provider))]


def _in_scope(scope: StaffScope) -> QuerySet[RecoveryRequest]:
    found = RecoveryRequest.objects.select_related("user", "provider", "provider__group")
    return scope.narrow(found, "provider__contract_id")


def may_decide(staff: StaffActor, recovery: RecoveryRequest) -> bool:
    """Tell whether a staff member may decide a request, which is not their own.

    An admin of a group administers all its providers, so all their programs have to be the
    member's (design decision 15).
    """
    scope = staff.scope(StaffPermission.REGISTRATIONS_DECIDE)
    if recovery.user_id == staff.user.id:
        return False
    return scope.covers_all(
        [recovery.provider.contract_id, *contracts_of_group(recovery.provider.group_id)]
    )


def present_admins(recovery: RecoveryRequest) -> QuerySet[Membership]:
    """Return who administers the group now, for staff to judge by their last sign-in."""
    held = list_group_admins(recovery.provider.group_id)
    return held.select_related("user").order_by("since", "id")
