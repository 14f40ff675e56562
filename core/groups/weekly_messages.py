"""The weekly mail itself, made when it is handed over."""

from datetime import datetime

from core.accounts.policies import find_contract
from core.groups.models import WeeklyMail
from core.groups.services.weekly import WEEKLY_KIND, link_token
from core.groups.weekly.figures import week_figures
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse


def prepare_weekly(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Count anew; None when nothing is left to say, or the mail was switched off meanwhile."""
    choice = (
        WeeklyMail.objects.select_related("user")
        .filter(user_id=message.subject_id, user__is_active=True)
        .first()
    )
    lines = week_figures(choice.user, at=message.created_at).lines if choice else []
    if choice is None or not lines:
        return None
    contract = find_contract(message.contract_id) if message.contract_id else None
    context = {
        "admin": choice.user,
        "lines": lines,
        "link": absolute_reverse("home", contract=contract),
        "off": absolute_reverse(
            "weekly_off", contract=contract, kwargs={"token": link_token(choice)}
        ),
    }
    return compose_mail(message, WEEKLY_KIND, context)


KINDS = (
    MessageKind(
        name=WEEKLY_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_weekly,
        weight=Weight.COURTESY,
    ),
)
