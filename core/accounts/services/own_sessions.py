"""End sessions of one's own account from another browser."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core.accounts.models import Session
from core.accounts.services.sign_in import record_session_end

_REASON = "ended_by_owner"


def end_own_session(*, user_id: UUID, sign_in: UUID, at: datetime) -> bool:
    """End one session of an account; tells whether it was there.

    Called by its owner's page. It is out with its next request, and a request that is at work does
    not bring it back. Records `session.ended`.
    """
    return _end(Q(account=user_id, sign_in=sign_in), user_id=user_id, at=at) > 0


def end_other_sessions(*, user_id: UUID, keep: UUID, at: datetime) -> int:
    """End every session of an account but the one in hand; returns how many there were."""
    others = Q(account=user_id, sign_in__isnull=False) & ~Q(sign_in=keep)
    return _end(others, user_id=user_id, at=at)


def _end(which: Q, *, user_id: UUID, at: datetime) -> int:
    """Delete until nothing is left: a request that takes a new key meanwhile writes a new row."""
    ended: set[UUID | None] = set()
    while True:
        with transaction.atomic():
            rows = Session.objects.select_for_update().filter(which)
            found = dict(rows.values_list("session_key", "sign_in"))
            Session.objects.filter(session_key__in=list(found)).delete()
            for _ in set(found.values()) - ended:
                record_session_end(account_id=user_id, reason=_REASON, at=at)
            ended |= set(found.values())
        if not found:
            return len(ended)
