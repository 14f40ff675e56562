"""The mail that a waiver ends: made when it is handed over, from the document of then."""

from datetime import datetime

from contracts.console.services.waivers import WAIVER_END_KIND
from contracts.console.waivers import still_ending
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight, register_kind
from core.notifications.models import OutboxMessage
from core.notifications.senders import find_contract_document
from tenants.configuration.revisions import day_in, zone_of


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
