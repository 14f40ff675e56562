"""Who is told that an endpoint was paused: whoever made it, else all who look after it."""

from datetime import datetime
from typing import Final

from core.accounts.models import User
from core.notifications.services.outbox import Letter, enqueue_all
from core.staff.permissions import StaffPermission
from core.staff.scope import list_holders
from core.webhooks.models import WebhookEndpoint

PAUSED_KIND: Final = "webhook_paused"


def tell_owners(endpoint: WebhookEndpoint, *, at: datetime) -> None:
    """Mail about an endpoint that fails, in the transaction that pauses it."""
    letters = [
        Letter(one.email, endpoint.pk, endpoint.contract_id, one.id)
        for one in owners_of(endpoint, at=at)
    ]
    enqueue_all(kind=PAUSED_KIND, letters=letters, at=at)


def owners_of(endpoint: WebhookEndpoint, *, at: datetime) -> list[User]:
    """Return who looks after an endpoint: who made it, while they may still change it."""
    named = [endpoint.managed_in] if endpoint.managed_in else []
    holders = [one.user for one in list_holders(StaffPermission.WEBHOOKS_MANAGE, named, at=at)]
    makers = [one for one in holders if one.id == endpoint.made_by]
    return makers or holders
