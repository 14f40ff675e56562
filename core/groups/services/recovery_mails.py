"""Who is told of a request to recover a group: the person, the present admins, the address on file.

Others hear of it when it is granted, and of the end of what they heard of.
"""

from datetime import datetime
from typing import Final

from core.groups.address_on_file import address_on_file
from core.groups.models import RecoveryRequest
from core.groups.selectors import list_group_admins
from core.groups.states import RecoveryState
from core.notifications.services.outbox import enqueue

RECOVERY_KIND: Final = "recovery_notice"
_QUIET: Final = (RecoveryState.ASKED, RecoveryState.WITHDRAWN)
"""The person did it a moment ago."""


def tell_about(
    recovery: RecoveryRequest,
    *,
    before: RecoveryState = RecoveryState.ASKED,
    at: datetime,
) -> None:
    """Write the mails about a request's present state, in the transaction of the act."""
    if recovery.state not in _QUIET and recovery.user.is_active:
        _enqueue(recovery, recovery.user.email, "person", at)
    if RecoveryState.WAITING not in {before, recovery.state}:
        return
    for email in _present_admins(recovery):
        _enqueue(recovery, email, "admin", at)
    on_file = address_on_file(recovery.provider)
    if on_file:
        _enqueue(recovery, on_file, "file", at)


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
