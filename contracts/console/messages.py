"""The mails of the console: made when they are handed over, from what is true then."""

from datetime import datetime

from contracts.console.services.lifecycle import CHANGE_KIND
from contracts.console.services.waivers import WAIVER_END_KIND
from contracts.console.waivers import still_ending
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight, register_kind
from core.notifications.models import OutboxMessage
from core.notifications.senders import find_contract_document
from tenants.configuration.revisions import day_in, zone_of
from tenants.models import ContractChange
from tenants.routing import absolute_reverse


def register_kinds() -> None:
    """Make the kinds known to the outbox; called when the app is ready."""
    register_kind(
        MessageKind(
            name=WAIVER_END_KIND,
            channel="email",
            at_most_once=False,
            prepare=prepare_waiver_end,
            weight=Weight.COURTESY,
        )
    )
    register_kind(
        MessageKind(
            name=CHANGE_KIND, channel="email", at_most_once=False, prepare=prepare_contract_change
        )
    )


def prepare_waiver_end(message: OutboxMessage, at: datetime) -> Rendered | None:
    """List the waivers that still end soon; None when all were mended or renewed meanwhile.

    None, too, for a contract that is out of service.
    """
    document = find_contract_document(message.contract_id)
    if document is None:
        return None
    today = day_in(zone_of(document), at)
    waivers = still_ending(document.waivers, message.context["rules"], today)
    if not waivers:
        return None
    return compose_mail(message, WAIVER_END_KIND, {"waivers": waivers}, document=document)


def prepare_contract_change(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the contract's staff what was planned, made or withdrawn; the outbox row says which."""
    change = ContractChange.objects.select_related("contract").get(pk=message.subject_id)
    path = absolute_reverse("console:state", contract=None, kwargs={"slug": change.contract.slug})
    context = {
        "change": change,
        "contract": change.contract,
        "happened": message.context["happened"],
        "url": path,
    }
    return compose_mail(message, CHANGE_KIND, context)
