"""Who is told of a request to recover a group: staff, the person, the admins, the address on file.

Staff who can decide hear that it waits for them; others of it when it is granted, and of the end of
what they heard of.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from core.groups.address_on_file import address_on_file
from core.groups.models import RecoveryRequest
from core.groups.selectors import list_group_admins
from core.groups.states import RecoveryState
from core.notifications.services.outbox import enqueue
from core.staff.permissions import StaffPermission
from core.staff.scope import list_holders

RECOVERY_KIND: Final = "recovery_notice"
STAFF_KIND: Final = "recovery_for_staff"


def tell_about(
    recovery: RecoveryRequest,
    *,
    before: RecoveryState = RecoveryState.ASKED,
    at: datetime,
) -> None:
    """Write the mails about a request's present state, in the transaction of the act."""
    # Who withdrew did it a moment ago.
    if recovery.state != RecoveryState.WITHDRAWN and recovery.user.is_active:
        _enqueue(recovery, recovery.user.email, "person", at)
    if RecoveryState.WAITING not in {before, recovery.state}:
        return
    for email in _present_admins(recovery):
        _enqueue(recovery, email, "admin", at)
    on_file = address_on_file(recovery.provider)
    if on_file:
        _enqueue(recovery, on_file, "file", at)


def tell_staff(recovery: RecoveryRequest, contracts: Sequence[UUID], *, at: datetime) -> None:
    """Mail those who can decide that a request waits, in the transaction that made it wait.

    That is staff of the programs themselves where there are any; staff of the whole deployment is
    told when nobody else can decide.
    """
    able = [
        one
        for one in list_holders(StaffPermission.REGISTRATIONS_DECIDE, contracts, at=at)
        if one.user.id != recovery.user_id
    ]
    own = [one for one in able if not one.scope(StaffPermission.REGISTRATIONS_DECIDE).everywhere]
    for one in own or able:
        enqueue(
            kind=STAFF_KIND,
            to=one.user.email,
            subject_id=recovery.id,
            contract_id=recovery.provider.contract_id,
            account_id=one.user.id,
            at=at,
        )


def _present_admins(recovery: RecoveryRequest) -> list[str]:
    """Return their addresses, also of closed accounts: one closed for not being used can answer."""
    held = list_group_admins(recovery.provider.group_id).exclude(user=recovery.user_id)
    return list(held.order_by("user_id").values_list("user__email", flat=True))


def _enqueue(recovery: RecoveryRequest, to: str, reader: str, at: datetime) -> None:
    enqueue(
        kind=RECOVERY_KIND,
        to=to,
        subject_id=recovery.id,
        contract_id=recovery.provider.contract_id,
        account_id=recovery.user_id if reader == "person" else None,
        context={"reader": reader, "state": str(recovery.state)},
        at=at,
    )
