"""Hand out one's own data."""

from datetime import datetime
from typing import Any

from django.db import transaction

from core.accounts.models import User
from core.accounts.own_data import collect_own_data
from core.audit.recording import record


@transaction.atomic
def download_own_data(*, user: User, at: datetime) -> dict[str, Any]:
    """Return what the portal holds about an account; called by its owner's page.

    Records `account.data_downloaded`, which the history in the data does not hold yet.
    """
    data = {"made_at": at.isoformat(), **collect_own_data(user, at=at)}
    record("account.data_downloaded", actor_id=user.id, subject=("account", user.id), at=at)
    return data
