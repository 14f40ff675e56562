"""The clock, read at the edge (view, task, command) and passed inwards as `at`."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return timezone.now()
