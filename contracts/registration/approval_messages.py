"""The mails about registrations that wait for approval."""

from datetime import datetime
from typing import Final

from contracts.registration.kinds import APPROVAL_KIND, APPROVAL_STAFF_KIND
from contracts.registration.models import Approval
from contracts.registration.states import ApprovalOutcome
from core.accounts.models import User
from core.accounts.policies import find_contract
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.staff.scope import find_staff
from tenants.routing import absolute_reverse

_HEADINGS: Final = {
    "": "Your registration waits for approval",
    ApprovalOutcome.APPROVED: "Your registration was approved",
    ApprovalOutcome.DECLINED: "Your registration was declined",
    ApprovalOutcome.WITHDRAWN: "You have withdrawn your registration",
    ApprovalOutcome.ENDED: "Your registration has ended without a decision",
}
_PAGES: Final = {
    "": ("home", "See how far it is"),
    ApprovalOutcome.APPROVED: ("home", "Begin to work"),
    ApprovalOutcome.DECLINED: ("home", "Home"),
    ApprovalOutcome.WITHDRAWN: ("home", "Home"),
    ApprovalOutcome.ENDED: ("registration:add_provider", "Register again"),
}


def prepare_for_registrant(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Say how far a registration is; None when it has gone on since."""
    waiting = Approval.objects.select_related("user", "registration")
    approval = waiting.filter(pk=message.subject_id, outcome=message.context["outcome"]).first()
    contract = find_contract(message.contract_id) if message.contract_id else None
    if approval is None or contract is None:
        return None
    page, button = _PAGES[approval.outcome]
    context = {
        "heading": _HEADINGS[approval.outcome],
        "approval": approval,
        "outcome": approval.outcome,
        "link": absolute_reverse(page, contract=contract),
        "button": button,
        "program": contract.name,
    }
    return compose_mail(message, "registration_approval", context, document=contract.document)


def prepare_for_staff(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell staff that one waits; None when it is decided, or they are no staff any more."""
    approval = Approval.objects.filter(pk=message.subject_id, outcome="").first()
    member = User.objects.filter(pk=str(message.account_id), is_active=True).first()
    if approval is None or member is None or find_staff(member, at=at) is None:
        return None
    context = {
        "member": member,
        "approval": approval,
        "link": absolute_reverse(
            "approvals:approval", contract=None, kwargs={"approval_id": approval.id}
        ),
    }
    return compose_mail(message, "registration_approval_for_staff", context)


KINDS: Final = tuple(
    MessageKind(
        name=name, channel="email", at_most_once=False, prepare=prepare, weight=Weight.NOTICE
    )
    for name, prepare in (
        (APPROVAL_KIND, prepare_for_registrant),
        (APPROVAL_STAFF_KIND, prepare_for_staff),
    )
)
