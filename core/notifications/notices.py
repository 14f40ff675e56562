"""Mails of the outbox itself: a contract's budget is nearly spent, or spent."""

from datetime import datetime

from core.notifications.kinds import MessageKind, Rendered
from core.notifications.mail import render_mail
from core.notifications.models import ChannelUse, OutboxMessage
from core.notifications.senders import document_for
from core.notifications.services.budgets import ALARM_KIND
from core.notifications.states import Channel


def prepare_budget_alarm(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Say how much of the month's budget is used, and what follows."""
    use = ChannelUse.objects.filter(pk=message.subject_id).first()
    if use is None:
        return None
    context = {
        "channel": Channel(use.channel).label,
        "month": use.month,
        "messages": message.context["messages"],
        "dollars": message.context["dollars"],
        "spent": message.context["spent"],
    }
    mail = render_mail(ALARM_KIND, context, document_for(message.contract_id))
    return Rendered(to=message.to, subject=mail.subject, text=mail.text, html=mail.html)


BUDGET_ALARM = MessageKind(
    name=ALARM_KIND, channel="email", at_most_once=False, prepare=prepare_budget_alarm
)
