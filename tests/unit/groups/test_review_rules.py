"""When roles are due: Mondays, by the days of the contract's time zone, that begin at six."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.groups.models import ReviewStage
from core.groups.reviewing.rules import (
    ReviewRules,
    due_by,
    due_day,
    ending_reached_by,
    stage_of,
    today,
)

EAST = "America/New_York"
KEEP = ReviewRules(days=30, ends_unconfirmed=False, time_zone=EAST)
END = ReviewRules(days=30, ends_unconfirmed=True, time_zone=EAST)
# Ten in the morning of a Monday in the east.
BEGAN = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def morning(month: int, day: int) -> datetime:
    """Return six in the morning in the east, in summer time."""
    return datetime(2026, month, day, 10, 0, tzinfo=UTC)


def test_a_role_is_due_on_the_first_monday_after_its_days() -> None:
    assert due_day(BEGAN, KEEP) == date(2026, 4, 6)
    monday = ReviewRules(days=35, ends_unconfirmed=False, time_zone=EAST)
    assert due_day(BEGAN, monday) == date(2026, 4, 6)
    assert due_day(BEGAN + timedelta(days=1), monday) == date(2026, 4, 13)


@pytest.mark.parametrize(
    ("rules", "at", "stage"),
    [
        (KEEP, morning(3, 23) - SECOND, None),
        (KEEP, morning(3, 23), ReviewStage.SOON),
        (KEEP, morning(4, 6) - SECOND, ReviewStage.SOON),
        (KEEP, morning(4, 6), ReviewStage.DUE),
        (KEEP, morning(6, 6), ReviewStage.DUE),
        (END, morning(4, 13) - SECOND, ReviewStage.DUE),
        (END, morning(4, 13), ReviewStage.LAST),
        (END, morning(6, 6), ReviewStage.LAST),
    ],
)
def test_stages_begin_with_the_working_day(
    rules: ReviewRules, at: datetime, stage: ReviewStage | None
) -> None:
    assert stage_of(BEGAN, rules, at=at) == stage


def test_what_ends_ends_two_weeks_after_its_day() -> None:
    assert ending_reached_by(END, at=morning(4, 20) - SECOND) <= BEGAN
    assert ending_reached_by(END, at=morning(4, 20)) > BEGAN


def test_a_day_begins_at_six_also_when_the_clock_is_changed() -> None:
    # On March 8, 2026 two o'clock is three: six is ten hours UTC, one hour earlier than before.
    assert today(datetime(2026, 3, 8, 9, 59, tzinfo=UTC), EAST) == date(2026, 3, 7)
    assert today(datetime(2026, 3, 8, 10, 0, tzinfo=UTC), EAST) == date(2026, 3, 8)
    assert today(datetime(2026, 11, 1, 10, 59, tzinfo=UTC), EAST) == date(2026, 10, 31)
    assert today(datetime(2026, 11, 1, 11, 0, tzinfo=UTC), EAST) == date(2026, 11, 1)


@given(
    hours=st.integers(0, 26_000),
    days=st.integers(30, 730),
    ahead=st.integers(0, 800),
    zone=st.sampled_from([EAST, "America/Los_Angeles", "Pacific/Guam"]),
)
def test_the_moment_for_the_database_says_what_the_day_says(
    hours: int, days: int, ahead: int, zone: str
) -> None:
    rules = ReviewRules(days=days, ends_unconfirmed=False, time_zone=zone)
    began = BEGAN + timedelta(hours=hours)
    day = began.date() + timedelta(days=ahead)
    assert due_day(began, rules).weekday() == 0
    assert (began < due_by(day, rules)) == (due_day(began, rules) <= day)
