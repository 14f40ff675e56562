"""Whoever registered takes a registration back that waits for approval."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from contracts.registration.models import PendingRegistration
from contracts.registration.services.approvals import ApprovalOverError
from contracts.registration.services.reservations import end_registrations
from contracts.registration.states import ApprovalOutcome, RegistrationState
from core.audit.recording import record


@transaction.atomic
def withdraw_registration(*, approval_id: UUID, by: UUID, at: datetime) -> None:
    """Take back one's own registration before it is decided; the identifier is free at once.

    Called by the person's own page. An issued code is good again, and access to the contract ends
    unless something else needs it. Records `registration.withdrawn`, and `registration.released`
    for the reservation. Raises ApprovalOverError when somebody has decided, its time is over, or it
    is not theirs.
    """
    waiting = PendingRegistration.objects.select_for_update(of=("self",)).filter(
        approval=approval_id,
        approval__user=by,
        state=RegistrationState.AWAITING,
        reserved_until__gt=at,
    )
    pending = waiting.first()
    if pending is None:
        raise ApprovalOverError
    end_registrations(
        [pending], state=RegistrationState.RELEASED, waited_for=ApprovalOutcome.WITHDRAWN, at=at
    )
    record(
        "registration.withdrawn",
        contract_id=pending.contract_id,
        actor_id=by,
        subject=("approval", approval_id),
        data={"registration": str(pending.id)},
        at=at,
    )
