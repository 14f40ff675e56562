"""Who is mailed about requests to join: admins at most every four hours, the person at the end."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.groups.models import JoinRequest, Provider
from core.groups.permissions import Permission
from core.groups.selectors import list_admins_of
from core.groups.states import JoinState
from core.notifications.services.outbox import enqueue

WAITING_KIND: Final = "join_requests_waiting"
ENDED_KIND: Final = "join_request_ended"
TOLD_EVERY: Final = timedelta(hours=4)
"""Own figure: twice a working day at most, however many ask; the queue itself is up to date."""


def tell_admins(group_id: UUID, *, at: datetime) -> int:
    """Mail each admin once about the requests that they were not told of; returns how many mails.

    Called with the group held, so that two requests at once make one mail. Within four hours of the
    last mail nothing goes out; the hourly task comes back to it.
    """
    of_group = JoinRequest.objects.filter(provider__group_id=group_id)
    if of_group.filter(told_at__gt=at - TOLD_EVERY).exists():
        return 0
    untold = of_group.filter(state=JoinState.OPEN, told_at__isnull=True)
    providers = Provider.objects.filter(pk__in=untold.values("provider"))
    first = providers.order_by("id").first()
    if first is None:
        return 0
    admins = list(list_admins_of(providers, Permission.REQUESTS_DECIDE))
    for admin in admins:
        enqueue(
            kind=WAITING_KIND,
            to=admin.email,
            subject_id=group_id,
            contract_id=first.contract_id,
            account_id=admin.id,
            at=at,
        )
    untold.update(told_at=at)
    return len(admins)


def tell_person(request: JoinRequest, *, at: datetime) -> None:
    """Mail whoever asked what became of their request; nobody whose account is closed.

    Who has no account hears of a refusal alone: an approval sends an invitation, and a mail that
    nobody answered would tell whoever typed the address that there is such a provider.
    """
    hears = request.user.is_active if request.user else request.state == JoinState.REFUSED
    if hears:
        enqueue(
            kind=ENDED_KIND,
            to=request.asker_email,
            subject_id=request.id,
            contract_id=request.provider.contract_id,
            account_id=request.user_id,
            at=at,
        )
