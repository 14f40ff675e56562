"""The mails of rosters: made when they are handed over."""

from datetime import datetime

from contracts.roster.kinds import REMINDER_KIND
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import providers_of_entry
from contracts.roster.services.leaving import LEAVING_KIND
from core.groups.models import Provider
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight, register_kind
from core.notifications.models import OutboxMessage
from core.notifications.senders import find_contract_document
from tenants import registry
from tenants.context import contract_context
from tenants.routing import absolute_reverse


def register_kinds() -> None:
    """Make the kinds known to the outbox; called when the app is ready."""
    register_kind(
        MessageKind(name=LEAVING_KIND, channel="email", at_most_once=False, prepare=prepare_leaving)
    )
    register_kind(
        MessageKind(
            name=REMINDER_KIND,
            channel="email",
            at_most_once=False,
            prepare=prepare_reminder,
            weight=Weight.COURTESY,
        )
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


def prepare_reminder(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Remind the address on file; None when the entry has gone, moved or is registered by now."""
    assert message.contract_id is not None  # noqa: S101 (an entry is a contract's)
    contract = registry.get_contract_by_id(message.contract_id)
    with contract_context(contract):
        entry = RosterEntry.objects.filter(
            pk=message.subject_id, removed_at=None, notice_email=message.to
        ).first()
        if entry is None or providers_of_entry(entry.id).exists():
            return None
        context = {
            "name": entry.name,
            "city": entry.city,
            "state": entry.state,
            "number_name": contract.document.vocabulary.number_name,
            "code_name": contract.document.vocabulary.code_name,
            "registration_url": absolute_reverse("registration:start", contract=contract),
        }
    return compose_mail(message, REMINDER_KIND, context, document=contract.document)
