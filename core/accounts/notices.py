"""Mails about an account to its owner."""

from datetime import datetime

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.accounts.services.accounts import CREDENTIALS_SET
from core.accounts.services.email import EMAIL_CHANGED
from core.accounts.services.passwords import PASSWORD_CHANGED
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse


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
    contract = find_contract(message.contract_id) if message.contract_id else None
    link = absolute_reverse("mfa:forgot", contract=contract)
    context = {"user": user, "until": user.lock_until, "link": link}
    return compose_mail(message, "account_locked", context, to=user.email)


def prepare_password_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the owner that the password was changed, at the address that the account had then."""
    user = User.objects.filter(pk=message.subject_id).first()
    if user is None:
        return None
    context = {"user": user, "changed_at": message.created_at}
    return compose_mail(message, PASSWORD_CHANGED, context)


def prepare_credentials_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the owner that MFA registration was completed, at the address the account had before.

    Where another address was proven, this one hears that it is the account's no longer, and not
    which one is.
    """
    user = User.objects.filter(pk=message.subject_id).first()
    if user is None:
        return None
    has_moved = bool(message.context.get("address_changed"))
    context = {
        "user": user,
        "changed_at": message.created_at,
        "address_changed": has_moved,
    }
    return compose_mail(message, CREDENTIALS_SET, context)


def prepare_email_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the former address that the account has another one, and how to object."""
    user = User.objects.filter(pk=message.subject_id).first()
    if user is None:
        return None
    contract = find_contract(message.contract_id) if message.contract_id else None
    context = {
        "user": user,
        "new": message.context["new"],
        "changed_at": message.created_at,
        "help": absolute_reverse(
            "mfa:help_request", contract=contract, kwargs={"kind": "taken_over"}
        ),
    }
    return compose_mail(message, EMAIL_CHANGED, context, link=str(context["help"]))


ACCOUNT_LOCKED = MessageKind(
    name="account_locked",
    channel="email",
    at_most_once=False,
    prepare=prepare_lock_notice,
    weight=Weight.NOTICE,
)
PASSWORD_NOTICE = MessageKind(
    name=PASSWORD_CHANGED,
    channel="email",
    at_most_once=False,
    prepare=prepare_password_notice,
    weight=Weight.NOTICE,
)
CREDENTIALS_NOTICE = MessageKind(
    name=CREDENTIALS_SET, channel="email", at_most_once=False, prepare=prepare_credentials_notice
)
EMAIL_NOTICE = MessageKind(
    name=EMAIL_CHANGED,
    channel="email",
    at_most_once=False,
    prepare=prepare_email_notice,
    weight=Weight.NOTICE,
)
