"""What staff reach of the requests to recover a group, and what they may decide."""

from django.db.models import QuerySet

from core.groups.models import Membership, RecoveryRequest
from core.groups.selectors import contracts_of_group, list_group_admins
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor


def list_in_scope(staff: StaffActor) -> QuerySet[RecoveryRequest]:
    """Return the requests about providers in the programs of a staff member."""
    scope = staff.scope(StaffPermission.REGISTRATIONS_VIEW)
    found = RecoveryRequest.objects.select_related("user", "provider", "provider__group")
    if scope.everywhere:
        return found
    return found.filter(provider__contract_id__in=scope.contracts)


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
