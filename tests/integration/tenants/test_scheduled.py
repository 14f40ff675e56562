"""What is kept of the tasks that the scheduler starts."""

from typing import Any

import pytest
from celery import current_app, shared_task

from tenants import scheduled
from tenants.celery import SharedTask
from tenants.models import ScheduledTask

pytestmark = pytest.mark.django_db
NAME = "tests.scheduled"


@shared_task(base=SharedTask, name=NAME)
def work(*, fails: bool = False) -> str:
    if fails:
        raise ValueError("dana.reed@clinic.org")
    return "done"


@pytest.fixture(autouse=True)
def timetable(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    entry: dict[str, Any] = {"task": NAME, "schedule": 3600.0}
    monkeypatch.setitem(current_app.conf.beat_schedule, "work", entry)
    return entry


def test_a_run_is_recorded_and_the_last_failure_stays() -> None:
    assert work.apply().get() == "done"
    row = ScheduledTask.objects.get(name=NAME)
    assert (row.succeeded, row.failed_at, row.failure) == (True, None, "")
    assert row.ended_at is not None
    assert row.ended_at >= row.began_at
    with pytest.raises(ValueError, match="dana"):
        work.apply(kwargs={"fails": True})
    row = ScheduledTask.objects.get(name=NAME)
    assert row.succeeded is False
    assert row.failure.startswith("ValueError at ")
    assert "dana" not in row.failure
    failed_at = row.failed_at
    work.apply()
    row = ScheduledTask.objects.get(name=NAME)
    assert row.succeeded
    assert (row.failed_at, row.failure[:10]) == (failed_at, "ValueError")


def test_what_the_scheduler_does_not_start_leaves_no_row(timetable: dict[str, Any]) -> None:
    timetable["task"] = "tests.another"
    work.apply()
    work()
    assert not ScheduledTask.objects.exists()


def test_a_task_is_worth_more_than_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "_ENDED", "SELECT nothing")
    assert work.apply().get() == "done"
