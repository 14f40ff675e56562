"""The mails about requests to recover a group: to three readers, and to staff."""

from datetime import datetime
from typing import Final

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.groups.models import RecoveryRequest
from core.groups.services.recovery_mails import RECOVERY_KIND, STAFF_KIND
from core.groups.states import RecoveryState
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.staff.scope import find_staff
from tenants.context import ActiveContract
from tenants.routing import absolute_reverse

_TO_PERSON: Final = {
    RecoveryState.ASKED: "Staff decide about your request again",
    RecoveryState.WAITING: "Your request was granted, and waits",
    RecoveryState.DONE: "You are now Provider Group Admin",
    RecoveryState.REFUSED: "Your request was refused",
    RecoveryState.STOPPED: "Your request was stopped",
    RecoveryState.VOID: "Your request has ended",
}
_TO_OTHERS: Final = {
    RecoveryState.ASKED: "A request to become Provider Group Admin is decided again",
    RecoveryState.WAITING: "Somebody is to become Provider Group Admin",
    RecoveryState.DONE: "There is a new Provider Group Admin",
    RecoveryState.STOPPED: "A request to become Provider Group Admin was stopped",
    RecoveryState.WITHDRAWN: "A request to become Provider Group Admin was withdrawn",
    RecoveryState.VOID: "A request to become Provider Group Admin has ended",
}


def prepare_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Say what has become of a request; the person reads no name before it is done."""
    recovery = (
        RecoveryRequest.objects.select_related("user", "provider")
        .filter(pk=message.subject_id, state=message.context["state"])
        .first()
    )
    if recovery is None:
        return None
    state, reader = RecoveryState(recovery.state), str(message.context["reader"])
    headings = _TO_PERSON if reader == "person" else _TO_OTHERS
    contract = find_contract(message.contract_id) if message.contract_id else None
    context = {
        "heading": headings[state],
        "recovery": recovery,
        "provider": recovery.provider,
        "state": state.value,
        "reader": reader,
        "link": _link(reader, recovery, state, contract),
        "button": _BUTTONS[reader],
    }
    return compose_mail(message, "recovery_notice", context)


def prepare_for_staff(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell staff that a request waits; None when it is decided, or they are no staff any more."""
    recovery = (
        RecoveryRequest.objects.select_related("provider")
        .filter(pk=message.subject_id, state=RecoveryState.ASKED)
        .first()
    )
    member = User.objects.filter(pk=str(message.account_id), is_active=True).first()
    if recovery is None or member is None or find_staff(member, at=at) is None:
        return None
    context = {
        "member": member,
        "provider": recovery.provider,
        "asked_at": recovery.asked_at,
        "link": absolute_reverse(
            "staff_recovery", contract=None, kwargs={"recovery_id": recovery.id}
        ),
    }
    return compose_mail(message, "recovery_for_staff", context)


_BUTTONS: Final = {"person": "Your requests to join", "admin": "Look at the request", "file": ""}


def _link(
    reader: str, recovery: RecoveryRequest, state: RecoveryState, contract: ActiveContract | None
) -> str:
    """Return the page of a reader; the address on file is answered by the support contact."""
    if reader == "person":
        page = "home" if state == RecoveryState.DONE else "own_requests"
        return absolute_reverse(page, contract=contract)
    if reader == "admin":
        return absolute_reverse(
            "setup:recovery", contract=contract, kwargs={"recovery_id": recovery.id}
        )
    return ""


KINDS = (
    MessageKind(
        name=RECOVERY_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_notice,
        weight=Weight.NOTICE,
    ),
    MessageKind(
        name=STAFF_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_for_staff,
        weight=Weight.NOTICE,
    ),
)
