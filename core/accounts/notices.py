"""Mails about an account to its owner."""

from datetime import datetime

from core.accounts.models import User
from core.notifications.kinds import MessageKind, Rendered
from core.notifications.mail import render_mail
from core.notifications.models import OutboxMessage
from core.notifications.senders import document_for


def prepare_lock_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Make the mail about a lock; None when the account was unlocked since.

    None for a blank, too: every wrong password puts one in, so that the last one, which locks,
    takes no longer than the others.
    """
    if message.context.get("blank"):
        return None
    user = User.objects.filter(pk=message.subject_id, is_active=True).first()
    if user is None or not user.is_locked(at):
        return None
    context = {"user": user, "until": user.lock_until}
    mail = render_mail("account_locked", context, document_for(message.contract_id))
    return Rendered(to=user.email, subject=mail.subject, text=mail.text, html=mail.html)


ACCOUNT_LOCKED = MessageKind(
    name="account_locked", channel="email", at_most_once=False, prepare=prepare_lock_notice
)
