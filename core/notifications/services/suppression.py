"""Addresses that get no notices, because mail came back or was reported as unwanted.

Nobody is shut out by it: what a person asks for is sent all the same, and the pages say that mail
to the address came back.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core.audit.recording import record
from core.notifications.models import SuppressedAddress
from core.notifications.states import SuppressionReason


@transaction.atomic
def suppress(
    *,
    address: str,
    reason: SuppressionReason,
    message_id: UUID | None = None,
    contract_id: UUID | None = None,
    at: datetime,
) -> bool:
    """Stop notices to an address; tells whether anything changed. `at` is when it happened.

    Called for a provider's report and for a refusal that names the address. What happened before
    the suppression was lifted does not bring it back; a complaint outranks mail that came back.
    Records `address.suppressed`.
    """
    row, made = SuppressedAddress.objects.get_or_create(
        address=address.lower(),
        defaults={"reason": reason, "since_at": at, "message_id": message_id},
    )
    if not made:
        row = SuppressedAddress.objects.select_for_update().get(pk=row.pk)
        if not _changes(row, reason, at):
            return False
        row.reason, row.since_at, row.lifted_at, row.message_id = reason, at, None, message_id
        row.save()
    record(
        "address.suppressed",
        contract_id=contract_id,
        subject=("suppressed_address", row.id),
        result=reason,
        data={"message": str(message_id) if message_id else None},
        at=at,
    )
    return True


@transaction.atomic
def lift_suppression(
    *, address: str, at: datetime, even_complaints: bool = False, by: UUID | None = None
) -> bool:
    """Send notices to an address again; tells whether it was suppressed.

    Called when mail arrived there after all (`at` is when), and by its owner, who alone takes a
    complaint back (`even_complaints`). Records `address.released`.
    """
    wanted = Q(address=address.lower(), lifted_at__isnull=True, since_at__lt=at)
    if not even_complaints:
        wanted &= Q(reason=SuppressionReason.BOUNCE)
    row = SuppressedAddress.objects.select_for_update().filter(wanted).first()
    if row is None:
        return False
    row.lifted_at = at
    row.save(update_fields=["lifted_at"])
    record("address.released", actor_id=by, subject=("suppressed_address", row.id), at=at)
    return True


def _changes(row: SuppressedAddress, reason: SuppressionReason, at: datetime) -> bool:
    if row.lifted_at is not None:
        return at > row.lifted_at
    return row.reason == SuppressionReason.BOUNCE and reason == SuppressionReason.COMPLAINT
