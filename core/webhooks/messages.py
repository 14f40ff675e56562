"""The mail about an endpoint that was paused because it fails."""

from datetime import datetime
from typing import Final

from core.accounts.models import User
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.webhooks.models import WebhookEndpoint
from core.webhooks.services.telling import PAUSED_KIND
from core.webhooks.states import EndpointState
from tenants.routing import absolute_reverse


def prepare_paused(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Say which endpoint it is and where to look; None when somebody has resumed it."""
    endpoint = WebhookEndpoint.objects.filter(
        pk=message.subject_id, state=EndpointState.FAILED
    ).first()
    member = User.objects.filter(pk=str(message.account_id)).first()
    if endpoint is None or member is None:
        return None
    link = absolute_reverse("webhooks:endpoint", contract=None, kwargs={"endpoint_id": endpoint.pk})
    return compose_mail(
        message, PAUSED_KIND, {"endpoint": endpoint, "member": member, "link": link}
    )


PAUSED: Final = MessageKind(
    name=PAUSED_KIND,
    channel="email",
    at_most_once=False,
    prepare=prepare_paused,
    weight=Weight.NOTICE,
)
