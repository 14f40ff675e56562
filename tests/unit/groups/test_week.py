"""When the weekly mail is due: Monday morning by the clock on the wall."""

from datetime import UTC, date, datetime

import pytest

from core.groups.weekly.rules import week_due

EAST, WEST = "America/New_York", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("at", "zone", "week"),
    [
        # Winter: six o'clock in the east is eleven.
        (datetime(2026, 3, 2, 10, 59, tzinfo=UTC), EAST, None),
        (datetime(2026, 3, 2, 11, 0, tzinfo=UTC), EAST, date(2026, 3, 2)),
        # The Monday after the clock went forward: ten.
        (datetime(2026, 3, 9, 9, 59, tzinfo=UTC), EAST, None),
        (datetime(2026, 3, 9, 10, 0, tzinfo=UTC), EAST, date(2026, 3, 9)),
        # And after it went back: eleven again.
        (datetime(2026, 11, 2, 10, 59, tzinfo=UTC), EAST, None),
        (datetime(2026, 11, 2, 11, 0, tzinfo=UTC), EAST, date(2026, 11, 2)),
        # At that moment it is night in the west.
        (datetime(2026, 11, 2, 11, 0, tzinfo=UTC), WEST, None),
        (datetime(2026, 11, 2, 14, 0, tzinfo=UTC), WEST, date(2026, 11, 2)),
        # A scheduler that stood still catches up until Tuesday night.
        (datetime(2026, 3, 4, 4, 59, tzinfo=UTC), EAST, date(2026, 3, 2)),
        (datetime(2026, 3, 4, 5, 0, tzinfo=UTC), EAST, None),
    ],
)
def test_the_mail_is_due_on_monday_morning(at: datetime, zone: str, week: date | None) -> None:
    assert week_due(at, zone) == week
