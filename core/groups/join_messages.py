"""The mails about requests to join."""

from datetime import datetime
from typing import Final
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.groups.access import providers_of
from core.groups.models import JoinRequest
from core.groups.permissions import Permission
from core.groups.roles import role_name
from core.groups.services.join_mails import ENDED_KIND, WAITING_KIND
from core.groups.states import JoinState
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse

_MOST_LINES: Final = 10
_HEADINGS: Final = {
    JoinState.APPROVED: "Your request to join was approved",
    JoinState.REFUSED: "Your request to join was refused",
    JoinState.EXPIRED: "Nobody answered your request to join",
    JoinState.VOID: "Your request to join has ended",
}


def prepare_waiting(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell an admin who waits; None when nobody does by now, or it is not theirs to decide."""
    admin = User.objects.filter(pk=str(message.account_id), is_active=True).first()
    if admin is None:
        return None
    waiting = (
        JoinRequest.objects.filter(
            JoinRequest.WAITING,
            provider__group_id=message.subject_id,
            provider__in=providers_of(admin.id, Permission.REQUESTS_DECIDE),
        )
        .select_related("user", "provider")
        .order_by("asked_at", "id")
    )
    count = waiting.count()
    if not count:
        return None
    return compose_mail(
        message,
        "join_requests_waiting",
        {
            "admin": admin,
            "count": count,
            "waiting": list(waiting[:_MOST_LINES]),
            "more": max(count - _MOST_LINES, 0),
            "link": _link("setup:requests", message.contract_id),
        },
    )


def prepare_ended(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the person what became of the request; only an approval names the provider."""
    request = (
        JoinRequest.objects.select_related("user", "provider").filter(pk=message.subject_id).first()
    )
    if request is None:
        return None
    state = JoinState(request.state)
    approved = state == JoinState.APPROVED
    page = "home" if approved else "own_requests"
    context = {
        "first_name": request.user.first_name if request.user else request.first_name,
        "heading": _HEADINGS[state],
        "state": state.value,
        "number": request.number,
        "asked_at": request.asked_at,
        "provider": request.provider.name if approved else "",
        "role": role_name(request.role, request.provider.contract_id) if approved else "",
        "reason": request.reason,
        "link": _link(page, message.contract_id) if request.user else "",
        "button": "Home" if approved else "Your requests to join",
    }
    return compose_mail(message, "join_request_ended", context)


def _link(name: str, contract_id: UUID | None) -> str:
    contract = find_contract(contract_id) if contract_id else None
    return absolute_reverse(name, contract=contract)


KINDS = (
    MessageKind(
        name=WAITING_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_waiting,
        weight=Weight.NOTICE,
    ),
    MessageKind(
        name=ENDED_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_ended,
        weight=Weight.NOTICE,
    ),
)
