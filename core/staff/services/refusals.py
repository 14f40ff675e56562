"""Note that staff were refused: they know that the page is there, so it is worth a look."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.audit.recording import record


@transaction.atomic
def record_staff_refusal(
    *,
    user_id: UUID,
    permission: str,
    contract_id: UUID | None,
    at: datetime,
    about: UUID | None = None,
) -> None:
    """Record `staff_access.refused` with the permission that was asked for. Called by the doors.

    `about` is the account that somebody wanted to act on; else it is about the member.
    """
    record(
        "staff_access.refused",
        contract_id=contract_id,
        actor_id=user_id,
        subject=("account", about or user_id),
        result="refused",
        data={"permission": permission},
        at=at,
    )
