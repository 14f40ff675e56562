"""The API's lists and details beside plain views of Django REST framework over the same rows."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from contracts.api import limits
from contracts.console.models import PlannedPublication
from core.audit.models import AuditEvent
from core.common import clock
from core.staff.models import StaffRole
from core.staff.services.members import grant_role
from tenants.context import ActiveContract
from tests.integration.audit.conftest import seal_all, write
from tests.integration.webhooks.conftest import happen, make, seal
from tests.support.api import Caller, caller, caller_for
from tests.support.people import START

pytestmark = pytest.mark.django_db
AT_LEAST, ROUNDS, CALLS, ROWS, MOST_STATEMENTS = 1.3, 15, 20, 400, 6


@pytest.fixture
def auditor(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """Somebody who reads everything, on one connection and without limits."""
    settings.ROOT_URLCONF = "tests.bench.plain_api"
    monkeypatch.setattr(limits, "CALLS_A_MINUTE", 10_000_000)
    user = caller().user
    grant_role(user_id=user.pk, role=StaffRole.AUDITOR, contract_id=None, by=None, at=START)
    user.refresh_from_db()
    ends = (request_started, request_finished)
    for one in ends:
        one.disconnect(close_old_connections)
    yield caller_for(user)
    for one in ends:
        one.connect(close_old_connections)


@pytest.fixture
def publications(auditor: Caller, contract_a: ActiveContract) -> str:
    """Make publications of a contract; returns the key of one."""
    at = clock.now()
    made = PlannedPublication.objects.bulk_create(
        PlannedPublication(
            slug="wv-bh",
            author=auditor.user,
            document=contract_a.document.model_dump(mode="json"),
            digest=f"{place:064}",
            note="As agreed",
            state="withdrawn",
            asked_at=at - timedelta(hours=place),
            expires_at=at,
            due_at=at,
            ended_at=at,
        )
        for place in range(ROWS)
    )
    return str(made[7].pk)


def test_publications(auditor: Caller, publications: str) -> None:
    compare(auditor, "publications", "list", "/contracts/wv-bh/publications/", "publications/")
    ours, theirs = f"/contracts/wv-bh/publications/{publications}/", f"publications/{publications}/"
    compare(auditor, "publications", "detail", ours, theirs)


@pytest.mark.django_db(transaction=True)
def test_events(auditor: Caller) -> None:
    write(ROWS)
    seal_all()
    compare(auditor, "audit events", "list", "/audit/events/", "events/")
    one = AuditEvent.objects.filter(event_type="probe.written").first()
    assert one is not None
    compare(auditor, "audit events", "detail", f"/audit/events/{one.pk}/", f"events/{one.pk}/")


def test_webhooks(auditor: Caller) -> None:
    endpoints = [make().endpoint for _ in range(20)]
    chosen = endpoints[7]
    seal(*[happen() for _ in range(60)])
    there, rows = f"/webhooks/{chosen.pk}/", f"deliveries/?endpoint={chosen.pk}"
    compare(auditor, "webhooks", "list", "/webhooks/", "endpoints/")
    compare(auditor, "webhooks", "detail", there, f"endpoints/{chosen.pk}/")
    compare(auditor, "deliveries", "list", f"{there}deliveries/", rows)


def compare(who: Caller, what: str, kind: str, ours: str, theirs: str) -> None:
    """Measure two addresses in turns; their rows must be the same, and ours cheap enough."""
    asked: list[str] = []

    def note(execute: Callable[..., Any], text: str, *given: Any) -> Any:
        asked.append(text)
        return execute(text, *given)

    with connection.execute_wrapper(note):
        mine = answered(who, f"/api/v1{ours}")()
    rows = len(mine.get("items", [mine]))
    stock = answered(who, f"/plain/{theirs}")()
    assert len(stock.get("results", [stock])) == rows
    first, second = medians(answered(who, f"/api/v1{ours}"), answered(who, f"/plain/{theirs}"))
    print(
        f"\n{what}, {kind} of {rows}: {1 / first:,.0f} calls a second, plain views "
        f"{1 / second:,.0f}: {second / first:.2f} times (at least {AT_LEAST}); "
        f"{len(asked)} statements (at most {MOST_STATEMENTS})"
    )
    assert 0 < len(asked) <= MOST_STATEMENTS
    assert second / first >= AT_LEAST


def answered(who: Caller, path: str) -> Callable[[], Any]:
    """Return a call as the server makes it, which gives what was answered."""
    application, factory = get_wsgi_application(), RequestFactory()

    def call() -> Any:
        environ = factory.get(path, headers={"Authorization": f"Bearer {who.token}"}).environ
        status: list[str] = []

        def start(line: str, *_headers: Any) -> Callable[[bytes], object]:
            status.append(line)
            return bytes

        content = b"".join(application(environ, start))
        assert status[0].startswith("200"), (status, content[:300])
        return json.loads(content)

    return call


def medians(*acts: Callable[[], object]) -> list[float]:
    """Return the median seconds of one call of each, measured in turns."""
    for act in acts:
        act()
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(ROUNDS):
        for place, act in enumerate(acts):
            began = time.perf_counter()
            for _ in range(CALLS):
                act()
            times[place].append((time.perf_counter() - began) / CALLS)
    return [statistics.median(one) for one in times]
