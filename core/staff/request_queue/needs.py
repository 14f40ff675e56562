"""The queue of requests among what waits for somebody of staff."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from core.staff.needs import Need
from core.staff.request_queue.listing import count_waiting
from core.staff.scope import StaffActor


def request_needs(staff: StaffActor, at: datetime) -> Iterator[Need]:
    """Say how many requests wait, to who sees the queue."""
    if staff.sees_requests:
        number = count_waiting(staff)
        yield Need(
            number, "request waits" if number == 1 else "requests wait", reverse("staff:requests")
        )
