"""When an account that nobody uses is warned about and closed, as a pure table.

Days are calendar days in the time zone of the program that asks: used last on a Monday, an account
with 60 days is closed when the sixtieth day after that Monday begins there, and a mail can name it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class DisuseRules:
    """The part of a policy about accounts that nobody uses, and whose days count."""

    days: int
    warn_days: tuple[int, ...]
    time_zone: str


@dataclass(frozen=True)
class Due:
    """What is due now: the warning of a day, or (None) the closing, and the day of that."""

    warning: int | None
    closes_on: date


def closing_day(used_at: datetime, rules: DisuseRules) -> date:
    """Return the day with whose beginning an account closes that was used last at a moment."""
    return _day(used_at, rules) + timedelta(days=rules.days)


def what_is_due(used_at: datetime, rules: DisuseRules, *, at: datetime) -> Due | None:
    """Return the closing or the latest warning that is due, None before the first one.

    Of several warnings whose days have passed unseen only the last is due: one mail says all.
    """
    closes_on = closing_day(used_at, rules)
    unused = (_day(at, rules) - _day(used_at, rules)).days
    if unused >= rules.days:
        return Due(None, closes_on)
    reached = [day for day in rules.warn_days if day <= unused]
    return Due(max(reached), closes_on) if reached else None


def _day(moment: datetime, rules: DisuseRules) -> date:
    return moment.astimezone(ZoneInfo(rules.time_zone)).date()
