"""Turn staff away, and note it: they know that the page is there, so it is worth a look."""

from typing import NoReturn
from uuid import UUID

from core.common import clock
from core.common.http import RecordedRefusal
from core.staff.services.refusals import record_staff_refusal


def refuse_staff(
    user_id: UUID,
    permission: str,
    *,
    contract_id: UUID | None = None,
    about: UUID | None = None,
) -> NoReturn:
    """Answer 403 to a member of staff who lacks a right, and record `staff_access.refused`.

    Called by doors, access functions and views. `contract_id` is where the right was asked for,
    `about` the account that somebody wanted to act on.
    """
    record_staff_refusal(
        user_id=user_id,
        permission=str(permission),
        contract_id=contract_id,
        at=clock.now(),
        about=about,
    )
    raise RecordedRefusal
