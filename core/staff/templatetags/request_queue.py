"""The number of requests that wait, for the navigation of staff."""

from django import template

from core.staff.request_queue.listing import count_waiting
from core.staff.scope import StaffActor

register = template.Library()


@register.simple_tag
def waiting_requests(staff: StaffActor) -> int:
    """Return how many requests wait in a member's scope."""
    return count_waiting(staff)
