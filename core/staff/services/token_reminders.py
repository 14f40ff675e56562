"""Tell who holds a token of the API that it ends soon, before a system stands still at night."""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.notifications.services.outbox import enqueue
from core.staff.models import ApiToken
from core.staff.systems import mailbox_of

logger = logging.getLogger(__name__)
REMINDER_KIND: Final = "token_ends"
AHEAD: Final = timedelta(days=14)
"""Own figure: two weeks hold somebody's holidays. Tokens with a shorter life are not told of."""
_AT_ONCE: Final = 500


def remind_of_ends(*, at: datetime) -> int:
    """Write a mail for each token in use that ends within two weeks; returns how many.

    Called hourly. One mail a token, to its holder, or to the contact of a service account. A token
    that was never used, or that has a successor, is nobody's worry. One that cannot be told of
    holds up no other.
    """
    told = 0
    for key in _due(at).order_by("expires_at", "id").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with transaction.atomic():
                told += _remind(key, at=at)
        except Exception:
            logger.exception("nobody was told that token %s ends", key)
    return told


def _due(at: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(
        reminded_at__isnull=True,
        revoked_at__isnull=True,
        replaced_by__isnull=True,
        last_used_at__isnull=False,
        user__is_active=True,
        expires_at__gt=at,
        expires_at__lte=at + AHEAD,
        made_at__lte=at - AHEAD,
    )


def _remind(key: UUID, *, at: datetime) -> bool:
    rows = _due(at).filter(pk=key).select_for_update(of=("self",), skip_locked=True)
    token = rows.select_related("user").first()
    if token is None:
        return False
    token.reminded_at = at
    token.save(update_fields=["reminded_at"])
    enqueue(
        kind=REMINDER_KIND,
        to=mailbox_of(token.user),
        subject_id=token.pk,
        account_id=token.user_id,
        not_after=token.expires_at,
        at=at,
    )
    return True
