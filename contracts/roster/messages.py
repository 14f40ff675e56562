"""The mails of rosters: made when they are handed over."""

from datetime import datetime

from contracts.roster.services.leaving import LEAVING_KIND
from core.groups.models import Provider
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, register_kind
from core.notifications.models import OutboxMessage
from core.notifications.senders import find_contract_document


def register_kinds() -> None:
    """Make the kinds known to the outbox; called when the app is ready."""
    register_kind(
        MessageKind(name=LEAVING_KIND, channel="email", at_most_once=False, prepare=prepare_leaving)
    )


def prepare_leaving(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell an admin that a provider left the roster, is suspended, or is back."""
    document = find_contract_document(message.contract_id)
    provider = Provider.objects.filter(pk=message.subject_id).first()
    if document is None or provider is None:
        return None
    context = {
        "provider": provider,
        "stage": message.context["stage"],
        "suspends_at": datetime.fromisoformat(message.context["suspends_at"]),
    }
    return compose_mail(message, LEAVING_KIND, context, document=document)
