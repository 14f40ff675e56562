"""Which accounts a member of staff has looked up a short time ago: they open for those alone.

A browser's look-ups stand in its session, those of a token in the events of its searches.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.http import HttpRequest

from core.audit.models import AuditEvent
from core.staff.models import ApiToken

_KEY: Final = "staff_lookups"
# Own figures: a call to the help desk is over by then; nobody has more of them at once.
LOOKUP_LIFE: Final = timedelta(minutes=30)
_MOST: Final = 30


def remember_lookup(request: HttpRequest, keys: list[UUID], *, at: datetime) -> None:
    """Let the pages of what was found open for half an hour; the search was recorded."""
    kept = request.session.get(_KEY, {}) | {str(key): at.timestamp() for key in keys}
    newest = sorted(kept.items(), key=lambda entry: entry[1], reverse=True)[:_MOST]
    request.session[_KEY] = dict(newest)


def was_looked_up(request: HttpRequest, key: UUID, *, at: datetime) -> bool:
    """Tell whether something was found in this session a short time ago. Ends on the second."""
    since = request.session.get(_KEY, {}).get(str(key))
    return since is not None and at.timestamp() - since < LOOKUP_LIFE.total_seconds()


def token_looked_up(token: ApiToken, account_id: UUID, *, at: datetime) -> bool:
    """Tell whether a search by a token found an account a short time ago (one query)."""
    return AuditEvent.objects.filter(
        event_type="staff_search.made",
        actor_id=token.user_id,
        at__gt=at - LOOKUP_LIFE,
        data__contains={"token": str(token.pk), "accounts": [str(account_id)]},
    ).exists()
