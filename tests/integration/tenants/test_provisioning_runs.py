"""What is kept of the way to a new contract: each step, what it failed with, and how it goes on."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError

from contracts.console.services.provisioning import ask_to_resume, resume_run
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from tenants import registry
from tenants.configuration import publishing
from tenants.configuration.publishing import publish_contract
from tenants.configuration.starter import starter_contract
from tenants.models import ProvisioningOutcome, ProvisioningRun
from tenants.provisioning_runs import begin_run, list_interrupted
from tests.unit.configuration.documents import changed

ROOT = Path(__file__).resolve().parents[3]
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SLUG = "new-one"
_KILLED_BEFORE_THE_REVISION = """
import os, signal, django
django.setup()
from datetime import UTC, datetime
from tenants.configuration import publishing
from tenants.configuration.starter import starter_contract
publishing._publish = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
at = datetime(2026, 11, 22, 12, tzinfo=UTC)
document = starter_contract("new-one", on=at.date())
publishing.publish_contract(document=document, base=None, by=None, at=at, note="So")
"""


def steps_of(run: ProvisioningRun) -> dict[str, bool]:
    return {step.name: step.done_at is not None for step in run.steps.all()}


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_killed_run_says_how_far_it_came_and_goes_on() -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_BEFORE_THE_REVISION],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PORTAL_TEST_DATABASE": settings.TEST_DATABASE,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run = ProvisioningRun.objects.get(slug=SLUG)
    assert steps_of(run) == {"reserved": True, "schema": True, "in_force": False}
    assert not list_interrupted(at=AT + timedelta(seconds=30)).exists()
    assert list_interrupted(at=AT + timedelta(minutes=2)).get() == run
    by = uuid7()
    assert ask_to_resume(run_id=run.id, reason="The worker was lost", by=by, at=AT)
    resume_run(run_id=run.id, by=by, at=AT)
    run.refresh_from_db()
    assert run.outcome == ProvisioningOutcome.DONE
    assert run.attempts == 2
    assert all(steps_of(run).values())
    assert registry.get_contract(SLUG).revision == 1
    assert not ask_to_resume(run_id=run.id, reason="Once more", by=by, at=AT)
    event = AuditEvent.objects.get(event_type="provisioning.resumed")
    assert event.data["reason"] == "The worker was lost"


@pytest.mark.django_db
def test_a_step_that_failed_says_so_without_the_text_of_the_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(contract: object) -> None:
        raise OperationalError("password=hunter2 was not accepted")

    monkeypatch.setattr(publishing, "ensure_schema", fail)
    document = starter_contract(SLUG, on=AT.date())
    with pytest.raises(OperationalError):
        publish_contract(document=document, base=None, by=None, at=AT)
    run = list_interrupted(at=AT).get()
    step = run.steps.get(name="schema")
    assert step.done_at is None
    assert step.failure.startswith("OperationalError at ")
    assert "hunter2" not in step.failure


@pytest.mark.django_db
def test_the_runs_of_other_documents_end_when_one_made_the_contract_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "ensure_schema", lambda contract: None)
    document = starter_contract(SLUG, on=AT.date())
    other = begin_run(document=changed(document, contract__name="Other"), note="", by=None, at=AT)
    publish_contract(document=document, base=None, by=None, at=AT)
    outcomes = dict(ProvisioningRun.objects.filter(slug=SLUG).values_list("id", "outcome"))
    assert outcomes.pop(other.id) == ProvisioningOutcome.REPLACED
    assert list(outcomes.values()) == [ProvisioningOutcome.DONE]
