"""The tasks that the scheduler starts: when each ran last, how it went, when it is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from celery import current_app
from celery.schedules import crontab, maybe_schedule

from tenants.models import ScheduledTask

_LEAST_GRACE: Final = timedelta(minutes=1)
_MOST_GRACE: Final = timedelta(minutes=10)
"""So much after its moment a task is late: as long as its interval, within these. Own figures."""


@dataclass(frozen=True)
class TimetableRow:
    """One scheduled task. `row` is None while it has not run since runs are recorded."""

    title: str
    task: str
    row: ScheduledTask | None
    due_at: datetime | None
    is_late: bool

    @property
    def goes_on(self) -> bool:
        """Tell whether the last run has not ended: it is at work, or was cut off."""
        row = self.row
        return row is not None and (row.ended_at is None or row.ended_at < row.began_at)

    @property
    def has_failed(self) -> bool:
        """Tell whether the last run that ended failed."""
        return self.row is not None and self.row.succeeded is False

    @property
    def wants_a_look(self) -> bool:
        """Tell whether somebody should look at it."""
        return self.is_late or self.has_failed


def timetable(*, at: datetime) -> list[TimetableRow]:
    """Return every task of the schedule, what is late or failed first (one query).

    One that has never run is reckoned from the first run of any other.
    """
    known = {row.name: row for row in ScheduledTask.objects.all()}
    since = min((row.first_at for row in known.values()), default=None)
    rows = [
        _row(title, entry, known.get(entry["task"]), since, at)
        for title, entry in current_app.conf.beat_schedule.items()
    ]
    return sorted(rows, key=lambda one: (not one.wants_a_look, one.title))


def _row(
    title: str,
    entry: dict[str, Any],
    row: ScheduledTask | None,
    since: datetime | None,
    at: datetime,
) -> TimetableRow:
    schedule = maybe_schedule(entry["schedule"])
    last = row.began_at if row else since
    due = _next_after(last, schedule) if last else None
    wanted = title[:1].upper() + title[1:]
    late = due is not None and due + _grace(schedule) < at
    return TimetableRow(wanted, entry["task"], row, due, late)


def _next_after(last: datetime, schedule: Any) -> datetime:
    if isinstance(schedule, crontab):
        start, span, _now = schedule.remaining_delta(last)
        found: datetime = start + span
        return found
    every: timedelta = schedule.run_every
    return last + every


def _grace(schedule: Any) -> timedelta:
    every: timedelta = _MOST_GRACE if isinstance(schedule, crontab) else schedule.run_every
    return max(_LEAST_GRACE, min(every, _MOST_GRACE))
