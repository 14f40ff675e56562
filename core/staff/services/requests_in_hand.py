"""Take a request of the queue in hand, and give it back: two do not work on one."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.audit.recording import record
from core.common.errors import DomainError
from core.staff.models import RequestInHand


class InOtherHandsError(DomainError):
    """Another member of staff works on the request."""

    code: ClassVar[str] = "in_other_hands"
    message: ClassVar[str] = (
        "Nothing was done: somebody else has this request in hand. Talk to them, or take it over."
    )


@dataclass(frozen=True)
class QueuedRequest:
    """Which request it is, and the contract for the audit trail."""

    kind: str
    id: UUID
    contract_id: UUID | None


@transaction.atomic
def take_request(
    *, request: QueuedRequest, seen_with: UUID | None, by: User, at: datetime
) -> RequestInHand:
    """Take a request in hand, or over from whom the page showed. Called by the pages of staff.

    `seen_with` is the account in whose hand the page showed it, None for nobody's. Pressed twice it
    is once. Records `request.taken`. Raises InOtherHandsError when it is in other hands than the
    page showed: of two who press at once, one is told.
    """
    RequestInHand.objects.bulk_create(
        [RequestInHand(kind=request.kind, request_id=request.id, taken_by=by, taken_at=at)],
        ignore_conflicts=True,
    )
    held = RequestInHand.objects.select_for_update().get(kind=request.kind, request_id=request.id)
    if held.taken_by_id != by.id:
        if held.taken_by_id != seen_with:
            raise InOtherHandsError
        held.taken_by, held.taken_at = by, at
        held.save(update_fields=["taken_by", "taken_at"])
    elif held.taken_at != at:
        return held
    _record("request.taken", request, by, at)
    return held


@transaction.atomic
def give_back_request(*, request: QueuedRequest, by: User, at: datetime) -> None:
    """Give a request back that one has in hand; what is in other hands stays there.

    Called by the pages of staff, and by them when it is decided. Records `request.given_back`.
    """
    mine = RequestInHand.objects.filter(kind=request.kind, request_id=request.id, taken_by=by)
    if mine.delete()[0]:
        _record("request.given_back", request, by, at)


def refuse_in_other_hands(*, kind: str, request_id: UUID, by: UUID) -> None:
    """Raise InOtherHandsError while somebody else has a request in hand.

    Called by the page of a request before it decides. What holds back two decisions is the row of
    the request itself, which its service locks.
    """
    held = RequestInHand.objects.filter(kind=kind, request_id=request_id)
    if held.exclude(taken_by=by).exists():
        raise InOtherHandsError


def _record(event: str, request: QueuedRequest, by: User, at: datetime) -> None:
    record(
        event,
        contract_id=request.contract_id,
        actor_id=by.id,
        subject=(request.kind, request.id),
        at=at,
    )
