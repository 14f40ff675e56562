"""Mails about accounts that nobody uses."""

from datetime import date, datetime

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.accounts.services.inactivity import CLOSED_KIND, REOPENED_KIND, WARNING_KIND
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse


def prepare_warning(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Make the warning, with the day in words; None when the account was used since."""
    user = User.objects.filter(pk=message.subject_id, is_active=True).first()
    since = datetime.fromisoformat(str(message.context["since"]))
    if user is None or (user.last_used_at or user.created_at) != since:
        return None
    closes_on = date.fromisoformat(str(message.context["closes_on"]))
    return _rendered(message, user, {"closes_on": closes_on, "days": message.context["days"]})


def prepare_closed(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell that the account is closed, and how to open it; None when it is open again."""
    user = User.objects.filter(pk=message.subject_id).first()
    if user is None or not user.is_dormant:
        return None
    return _rendered(message, user, {"days": message.context["days"]})


def prepare_reopened(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell that the account was opened by somebody who proved password and factor."""
    user = User.objects.filter(pk=message.subject_id).first()
    return _rendered(message, user, {"opened_at": message.created_at}) if user else None


def _rendered(message: OutboxMessage, user: User, context: dict[str, object]) -> Rendered:
    contract = find_contract(message.contract_id) if message.contract_id else None
    shared = {
        "user": user,
        "sign_in": absolute_reverse("login_options", contract=contract),
        "help": absolute_reverse("mfa_help", contract=contract),
    }
    link = shared["help" if message.kind == REOPENED_KIND else "sign_in"]
    return compose_mail(message, message.kind, shared | context, link=str(link))


DISUSE_KINDS = tuple(
    MessageKind(name=name, channel="email", at_most_once=False, prepare=prepare, weight=weight)
    # A warning announces what its owner can undo alone; that it happened is always told.
    for name, prepare, weight in (
        (WARNING_KIND, prepare_warning, Weight.COURTESY),
        (CLOSED_KIND, prepare_closed, Weight.NOTICE),
        (REOPENED_KIND, prepare_reopened, Weight.NOTICE),
    )
)
