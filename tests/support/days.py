"""Calendar days for tests, in the zone in which the deployment and most samples tell the time.

The UTC day is another one for the last five hours of each day there: a test that takes it fails in
the evening and passes in the morning.
"""

from datetime import date, datetime, timedelta

from core.common import clock
from tenants.configuration.revisions import day_in
from tenants.configuration.starter import STARTER_TIME_ZONE


def day_of(at: datetime | None = None, *, days: int = 0) -> date:
    """Return the day of a moment, now without one, and so many days later."""
    return day_in(STARTER_TIME_ZONE, at or clock.now()) + timedelta(days=days)
