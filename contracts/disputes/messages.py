"""The mails about disputes, to whoever opened them."""

from datetime import datetime
from typing import Final

from contracts.disputes.models import Dispute, DisputeState
from contracts.disputes.services.disputes import DISPUTE_KIND
from core.accounts.policies import find_contract
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse

_HEADINGS: Final = {
    DisputeState.OPEN: "We have your report about your number",
    DisputeState.REJECTED: "The decision about your number",
    DisputeState.UPHELD: "Your number is free to be registered",
}
_MOVED: Final = "The decision about your number"


def prepare_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Say what became of a dispute; None when it has gone on since.

    The address is one that somebody typed: the mail names no provider and nobody's name.
    """
    dispute = Dispute.objects.filter(pk=message.subject_id, state=message.context["state"]).first()
    contract = find_contract(message.contract_id) if message.contract_id else None
    if dispute is None or contract is None:
        return None
    moved = dispute.moved_to is not None
    freed = dispute.state == DisputeState.UPHELD and not moved
    context = {
        "heading": _MOVED if moved else _HEADINGS[DisputeState(dispute.state)],
        "dispute": dispute,
        "program": contract.name,
        "link": absolute_reverse("registration:start", contract=contract) if freed else "",
    }
    return compose_mail(message, "dispute_notice", context, document=contract.document)


KINDS: Final = (
    MessageKind(
        name=DISPUTE_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_notice,
        weight=Weight.NOTICE,
    ),
)
