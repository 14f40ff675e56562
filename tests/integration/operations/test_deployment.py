"""The deployment at work: scheduled tasks, channels, migrations, provisioning."""

from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from celery import current_app
from django.test import Client

from contracts.console.operations.timetable import timetable
from contracts.console.services.provisioning import RUNS_KEPT, purge_runs
from core.common import clock
from core.notifications.models import ChannelHealth
from core.staff.models import StaffRole
from tenants.configuration.starter import starter_contract
from tenants.context import ActiveContract
from tenants.models import (
    Contract,
    ProvisioningOutcome,
    ProvisioningRun,
    ProvisioningStep,
    ProvisioningStepName,
    ScheduledTask,
)
from tenants.provisioning_runs import begin_run, recorded_step
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
PAGES = "/staff/operations/"
AT = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOURLY, EVERY_HOUR_AT_TEN = "core.staff.tasks.tidy", "core.accounts.tasks.watch_unused_accounts"


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def shown(browser: Client, page: str) -> str:
    answer = browser.get(f"{PAGES}{page}")
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def ran(name: str, *, ago: timedelta, failure: str = "") -> None:
    began = AT - ago
    ScheduledTask.objects.create(
        name=name,
        first_at=began,
        began_at=began,
        ended_at=began,
        milliseconds=12,
        succeeded=not failure,
        failed_at=began if failure else None,
        failure=failure,
    )


@pytest.mark.parametrize(
    ("name", "ago", "late"),
    [
        (HOURLY, timedelta(minutes=70), False),
        (HOURLY, timedelta(minutes=70, seconds=1), True),
        # Due at 12:10; ten minutes of grace
        (EVERY_HOUR_AT_TEN, timedelta(minutes=25), True),
        (EVERY_HOUR_AT_TEN, timedelta(minutes=20), False),
    ],
)
def test_a_task_is_late_some_time_after_it_was_due(name: str, ago: timedelta, late: bool) -> None:
    ran(name, ago=ago)
    found = {one.task: one for one in timetable(at=AT)}
    assert found[name].is_late == late


def test_a_task_that_never_ran_is_late_by_the_runs_of_others() -> None:
    assert not any(one.is_late for one in timetable(at=AT))
    ran(HOURLY, ago=timedelta(minutes=5))
    late = {one.task for one in timetable(at=AT) if one.is_late}
    assert "core.notifications.tasks.sweep_outbox" in late
    assert HOURLY not in late


def test_every_task_of_the_schedule_is_listed_the_failed_one_first(operator: Client) -> None:
    ran(HOURLY, ago=timedelta(0), failure="ValueError at tasks.py:1")
    page = shown(operator, "tasks/")
    assert all(escape(title[1:]) in page for title in current_app.conf.beat_schedule)
    assert "ValueError at tasks.py:1" in page


def test_a_channel_says_that_it_is_left_alone_and_what_it_has_used(operator: Client) -> None:
    assert "Left alone" not in shown(operator, "channels/")
    now = clock.now()
    ChannelHealth.objects.create(channel="sms", failures=5, opened_at=now, probe_at=now)
    page = shown(operator, "channels/")
    assert "Left alone after failures" in page
    assert "1 channel is left alone after failures" in shown(operator, "")


def test_a_schema_that_lags_is_named(operator: Client, contract_a: ActiveContract) -> None:
    assert "lags behind" not in shown(operator, "migrations/")
    contract = Contract.objects.get(pk=contract_a.id)
    Contract.objects.filter(pk=contract.pk).update(
        schema_migrations={**contract.schema_migrations, "contracts_roster": "0000_none"}
    )
    page = shown(operator, "migrations/")
    assert "1 contract lags behind" in page
    assert "roster: has 0000_none, needs" in page
    assert "1 contract lags behind this version" in shown(operator, "")


def interrupted() -> ProvisioningRun:
    """Leave a run whose worker was lost in its second step."""
    document = starter_contract("new-one", on=AT.date())
    run = begin_run(document=document, note="", by=None, at=AT - timedelta(hours=1))
    with recorded_step(run, ProvisioningStepName.RESERVED):
        pass
    return run


def test_a_run_says_how_far_it_came_and_goes_on_with_a_reason(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted()
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        "contracts.console.operations.views.provisioning.tell_workers",
        lambda task, *arguments: told.append(arguments),
    )
    page = shown(operator, "provisioning/")
    assert "new-one: Interrupted" in page
    assert "Database schema made: not begun" in page
    path = f"{PAGES}provisioning/{run.id}/resume/"
    assert "Error:" in operator.post(path, {"reason": ""}).content.decode()
    assert not told
    answer = operator.post(path, {"reason": "The worker was lost"})
    assert answer.headers["Location"] == f"{PAGES}provisioning/"
    assert [arguments[0] for arguments in told] == [str(run.id)]


def test_staff_of_one_contract_do_not_see_the_deployment(contract_a: ActiveContract) -> None:
    browser = staff_client(StaffRole.AUDITOR, contract_a)
    pages = ("", "tasks/", "channels/", "provisioning/", "migrations/")
    assert {browser.get(f"{PAGES}{page}").status_code for page in pages} == {403}
    assert browser.get(f"{PAGES}outbox/").status_code == 200


def test_runs_that_ended_long_ago_are_deleted_with_their_steps() -> None:
    at = clock.now()
    runs = [
        begin_run(document=starter_contract(f"new-{place}", on=at.date()), note="", by=None, at=at)
        for place in range(3)
    ]
    for run in runs:
        with recorded_step(run, ProvisioningStepName.RESERVED):
            pass
    ended = ProvisioningRun.objects.filter(pk__in=[run.pk for run in runs[:2]])
    ended.update(ended_at=at, outcome=ProvisioningOutcome.values[0])
    ended.filter(pk=runs[0].pk).update(ended_at=at - timedelta(days=2))
    assert purge_runs(at=at + RUNS_KEPT - timedelta(days=1)) == 1
    assert set(ProvisioningRun.objects.filter(slug__startswith="new-")) == set(runs[1:])
    assert ProvisioningStep.objects.filter(run__in=runs).count() == 2
