"""What of webhooks wants a look: endpoints that were paused because they fail."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from core.staff.needs import Need
from core.staff.scope import StaffActor
from core.webhooks.access import visible_endpoints
from core.webhooks.states import EndpointState


def webhook_needs(staff: StaffActor, at: datetime) -> Iterator[Need]:
    """Return how many endpoints take nothing any more, among those that somebody may see."""
    if staff.sees_webhooks:
        number = visible_endpoints(staff).filter(state=EndpointState.FAILED).count()
        words = (
            "webhook takes nothing any more" if number == 1 else "webhooks take nothing any more"
        )
        yield Need(number, words, reverse("webhooks:endpoints"))
