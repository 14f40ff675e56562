"""The mails of the help pages: made when they are handed over, from what is true then."""

from collections.abc import Mapping
from datetime import datetime

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.common.turns import hold_turn
from core.mfa.models import HelpRequest, MfaRegistration
from core.mfa.registering.sources import SourceGoneError, get_source
from core.mfa.services.help_requests import DESK_KIND, OWNER_KIND
from core.mfa.services.unfinished import (
    DAY,
    REMINDER_KIND,
    REMINDERS_PER_DAY,
    UNFINISHED_KIND,
)
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.notifications.states import LEFT, MessageStatus
from tenants.routing import absolute_reverse


def prepare_desk_mail(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the contact that a request waits; what was typed stays in the portal."""
    request = HelpRequest.objects.filter(pk=message.subject_id, closed_at__isnull=True).first()
    return None if request is None else _mail(message, DESK_KIND, {"request": request})


def prepare_owner_mail(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the owner of the account that somebody asks for help with it; None without one."""
    request = HelpRequest.objects.select_related("account").filter(pk=message.subject_id).first()
    if request is None or request.account is None or not message.account_id:
        return None
    return _mail(message, OWNER_KIND, {"request": request, "user": request.account})


def prepare_unfinished(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Have whoever owns the registration send its own mail; None, nothing of this kind is sent."""
    registration = MfaRegistration.objects.filter(
        pk=message.subject_id, completed_at__isnull=True, closed_at__isnull=True
    ).first()
    if registration is not None:
        source = get_source(registration.source_kind)
        try:
            source.send_link(registration.source_id, at=at)
        except SourceGoneError:
            return None
    return None


def prepare_reminder(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the owner which address the account has; None for nobody, and for the fourth a day."""
    user = User.objects.filter(pk=message.subject_id, is_active=True).first()
    if user is None:
        return None
    # The turn lasts until this message is marked as being sent: who comes next counts it.
    hold_turn("address-reminder", str(user.id))
    sent = OutboxMessage.objects.filter(
        kind=REMINDER_KIND,
        subject_id=user.id,
        status__in=(*LEFT, MessageStatus.SENDING, MessageStatus.UNKNOWN),
        created_at__gt=at - DAY,
    )
    if sent.count() >= REMINDERS_PER_DAY:
        return None
    contract = find_contract(message.contract_id) if message.contract_id else None
    context = {
        "user": user,
        "login_link": absolute_reverse("login_options", contract=contract),
        "forgot_link": absolute_reverse("mfa:forgot", contract=contract),
    }
    return _mail(message, "address_reminder", context, to=user.email)


def _mail(
    message: OutboxMessage, template: str, context: Mapping[str, object], *, to: str = ""
) -> Rendered:
    return compose_mail(message, template, context, to=to)


HELP_KINDS = tuple(
    MessageKind(name=name, channel="email", at_most_once=False, prepare=prepare, weight=weight)
    for name, prepare, weight in (
        (DESK_KIND, prepare_desk_mail, Weight.ASKED),
        (OWNER_KIND, prepare_owner_mail, Weight.NOTICE),
        (UNFINISHED_KIND, prepare_unfinished, Weight.ASKED),
        (REMINDER_KIND, prepare_reminder, Weight.ASKED),
    )
)
