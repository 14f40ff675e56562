"""When an unused account is warned about and closed: a second before and after each edge."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts.inactivity.rules import DisuseRules, Due, closing_day, what_is_due

EASTERN = DisuseRules(days=60, warn_days=(45, 55), time_zone="America/New_York")
# A Monday, 10:30 in the evening in the east: Tuesday already in UTC.
USED = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
CLOSES = date(2026, 5, 1)
# Daylight saving began on March 8: midnight is at 04:00 UTC from then on.
DAY_45 = datetime(2026, 4, 16, 4, 0, tzinfo=UTC)
DAY_55 = datetime(2026, 4, 26, 4, 0, tzinfo=UTC)
DAY_60 = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (USED, None),
        (DAY_45 - SECOND, None),
        (DAY_45, Due(45, CLOSES)),
        (DAY_55 - SECOND, Due(45, CLOSES)),
        (DAY_55, Due(55, CLOSES)),
        (DAY_60 - SECOND, Due(55, CLOSES)),
        (DAY_60, Due(None, CLOSES)),
        (DAY_60 + timedelta(days=400), Due(None, CLOSES)),
    ],
)
def test_each_edge(at: datetime, due: Due | None) -> None:
    assert what_is_due(USED, EASTERN, at=at) == due


def test_the_day_is_the_one_of_the_programs_time_zone() -> None:
    assert closing_day(USED, EASTERN) == CLOSES
    utc = DisuseRules(days=60, warn_days=(), time_zone="UTC")
    assert closing_day(USED, utc) == date(2026, 5, 2)


def test_without_warnings_there_is_the_closing_alone() -> None:
    rules = DisuseRules(days=60, warn_days=(), time_zone="America/New_York")
    assert what_is_due(USED, rules, at=DAY_60 - SECOND) is None
    assert what_is_due(USED, rules, at=DAY_60) == Due(None, CLOSES)


@given(
    st.integers(7, 730),
    st.lists(st.integers(1, 729), max_size=5),
    st.integers(0, 800 * 24 * 3600),
)
def test_it_only_ever_moves_on(days: int, warn_days: list[int], seconds: int) -> None:
    """Later never means less: nothing, warnings in order, closed."""
    early = tuple(day for day in warn_days if day < days)
    rules = DisuseRules(days=days, warn_days=early, time_zone="America/Chicago")

    def rank(at: datetime) -> int:
        due = what_is_due(USED, rules, at=at)
        return -1 if due is None else (1000 if due.warning is None else due.warning)

    at = USED + timedelta(seconds=seconds)
    assert rank(at) <= rank(at + timedelta(hours=7))
