"""What a pending registration reserves, and how a reservation ends."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from contracts.registration.kinds import LINK_KIND
from contracts.registration.models import JoinOffer, Journey, PendingRegistration
from contracts.registration.services.approval_ends import end_undecided
from contracts.registration.states import LIVE, ApprovalOutcome, RegistrationState, check_transition
from core.accounts.services.attempts import forget_counts
from core.audit.recording import record
from core.common.without_case import same_text
from core.notifications.services.outbox import cancel_messages

_BATCH = 500
_PERSONAL = [
    "username",
    "first_name",
    "last_name",
    "address_1",
    "address_2",
    "city",
    "us_state",
    "zip",
    "email",
    "phone",
    "fax",
]


def release_expired(*, at: datetime) -> int:
    """Release every registration whose reservation has ended; returns how many.

    Run by the task of the same name. Identifier and username are free again, the link is dead,
    and the personal data is wiped (design decision 14). What waited for an approval ends so, too,
    and whoever registered has mail. Counts and journeys that are over go, too.
    """
    Journey.objects.filter(expires_at__lte=at).delete()
    JoinOffer.objects.filter(expires_at__lte=at).delete()
    forget_counts(at=at)
    overdue = Q(state__in=LIVE, reserved_until__lte=at)
    released = 0
    # One by one: the end of each reaches into its own contract.
    waited = PendingRegistration.objects.filter(overdue, state=RegistrationState.AWAITING)
    for key in waited.values_list("id", flat=True)[:_BATCH]:
        released += _release_in_turn(Q(id=key), at)
    while batch := _release_in_turn(overdue & ~Q(state=RegistrationState.AWAITING), at):
        released += batch
    return released


@transaction.atomic
def _release_in_turn(which: Q, at: datetime) -> int:
    return _release_batch(which & Q(reserved_until__lte=at), at=at)


def release_overdue(*, contract_id: UUID, unit_key: str, username: str, at: datetime) -> int:
    """Release what still stands in the way of a unit or username though its time is over.

    Called inside the transaction that wants to reserve them: a reservation ends on the second,
    not when the task comes round. Waits for whoever has a row in hand. Returns how many.
    """
    return _release_batch(
        Q(reserved_until__lte=at)
        & (Q(contract_id=contract_id, unit_key=unit_key) | same_text("username", username)),
        wait=True,
        at=at,
    )


def _release_batch(which: Q, *, wait: bool = False, at: datetime) -> int:
    # In one order, so that two who wait do not wait for each other.
    overdue = list(
        PendingRegistration.objects.select_for_update(skip_locked=not wait)
        .filter(which, state__in=LIVE)
        .order_by("id")[:_BATCH]
    )
    end_registrations(overdue, state=RegistrationState.RELEASED, at=at)
    return len(overdue)


def end_registrations(
    registrations: Iterable[PendingRegistration],
    *,
    state: RegistrationState,
    waited_for: ApprovalOutcome = ApprovalOutcome.ENDED,
    at: datetime,
) -> None:
    """End registrations that came to nothing, in the caller's transaction, rows locked.

    `state` is RELEASED or SUPERSEDED, `waited_for` what becomes of an approval that one of them
    waits for. Kills their links, wipes the personal data and records
    `registration.released` or `registration.superseded`. Raises TransitionError.
    """
    for pending in registrations:
        check_transition(pending.state, state)
        waited = pending.state == RegistrationState.AWAITING
        pending.state = state
        pending.ended_at = at
        forget_link(pending)
        forget_person(pending)
        pending.save()
        cancel_messages(kind=LINK_KIND, subject_id=pending.id)
        if waited:
            end_undecided(pending, waited_for, at=at)
        record(
            f"registration.{state.value}",
            contract_id=pending.contract_id,
            subject=("pending_registration", pending.id),
            at=at,
        )


def forget_person(pending: PendingRegistration) -> None:
    """Wipe what is known of a person, without saving it."""
    for name in _PERSONAL:
        setattr(pending, name, "")


def forget_link(pending: PendingRegistration) -> None:
    """Take the link and its use off a registration, without saving it."""
    pending.token_digest = None
    pending.key_version = None
    pending.link_expires_at = None
    pending.link_used_at = None
    pending.follow_id = None
