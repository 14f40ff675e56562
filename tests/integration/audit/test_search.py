"""The audit trail for staff: who sees which events, how they are found and taken along."""

import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from contracts.console.audit.searching import PER_PAGE
from core.audit.models import AuditEvent, AuditSeal
from core.audit.recording import Happening, record, record_all
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.support.days import day_of
from tests.support.people import make_person
from tests.support.sign_in import age_sign_in
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
PAGE, EXPORT = "/staff/audit/", "/staff/audit/export/"
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def auditor() -> Client:
    return staff_client(StaffRole.AUDITOR)


def shown(client: Client, **query: str) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def lines(client: Client, **query: str) -> int:
    return shown(client, **query).count("trail__row")


def test_staff_of_a_contract_see_its_events_and_no_others(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    for contract in (contract_a.id, contract_b.id, None):
        record("probe.written", contract_id=contract)
    mine = staff_client(StaffRole.AUDITOR, contract_a)
    assert lines(mine, what="probe") == 1
    assert contract_b.name not in shown(mine)
    assert "Choose one of the choices" in shown(mine, contract=str(contract_b.id)) or (
        lines(mine, contract=str(contract_b.id)) == 0
    )
    assert lines(staff_client(StaffRole.AUDITOR, name="otto"), what="probe") == 3


def test_events_are_found_by_each_thing(auditor: Client, contract_a: ActiveContract) -> None:
    dana, about = make_person("dana"), uuid7()
    long_ago = clock.now() - timedelta(days=40)
    record("probe.written", actor_id=dana.id, contract_id=contract_a.id)
    record("probe.refused", result="out_of_scope", subject=("provider", about))
    record("probed.written", subject=("account", dana.id), at=long_ago)
    assert lines(auditor, what="probe") == 2
    assert lines(auditor, what="Probe.Refused") == 1
    for who in ("dana", "DANA@clinic.example", str(dana.id)):
        assert lines(auditor, who=who, what="probe") == 1
        assert lines(auditor, who=who, what="probed") == 1
    assert lines(auditor, object=str(about)) == 1
    assert lines(auditor, contract=str(contract_a.id), what="probe") == 1
    day = day_of(long_ago).isoformat()
    assert lines(auditor, what="probed", since=day, until=day) == 1
    assert lines(auditor, what="probe", until=day) == 0
    assert "out of scope" in shown(auditor, what="probe.refused")
    assert lines(auditor, request="not-a-number-of-ours") == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"who": "nobody-of-this-name"}, "No account has this username"),
        ({"who": "x" * 300}, "254 characters"),
        ({"what": "; DROP TABLE"}, "Enter a noun"),
        ({"object": "7"}, "Enter a key"),
        ({"since": "2026-13-40"}, "valid date"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "It ends before it begins"),
        ({"contract": str(UUID(int=7))}, "Select a valid choice"),
        ({"who": "\x00"}, "characters that cannot be seen"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(
    auditor: Client, asked: dict[str, str], said: str
) -> None:
    record("probe.written")
    page = shown(auditor, **asked)
    assert said in page
    assert "trail__row" not in page
    assert auditor.get(EXPORT, asked).status_code == 200


@pytest.mark.parametrize("before", ["x", "1-2", "9" * 40 + f"-{UUID(int=7)}", "-"])
def test_an_address_that_makes_no_sense_begins_with_the_newest(
    auditor: Client, before: str
) -> None:
    record("probe.written")
    assert lines(auditor, what="probe", before=before) == 1


def test_pages_follow_one_another_without_a_gap(
    auditor: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    at = clock.now()
    record_all([Happening("probe.written") for _ in range(PER_PAGE + 3)], at=at)
    first = auditor.get(PAGE, {"what": "probe"})
    older = first.context["page"].older
    assert f"before={older}" in first.content.decode()
    with django_assert_max_num_queries(12):
        second = auditor.get(PAGE, {"what": "probe", "before": str(older)})
    both = [*first.context["page"].events, *second.context["page"].events]
    assert len({event.id for event in both}) == len(both) == PER_PAGE + 3
    assert second.context["page"].older is None


def taken(client: Client, query: str = "what=probe", **typed: str) -> Any:
    return client.post(f"{EXPORT}?{query}", {"reason": "Ticket 7", "format": "csv", **typed})


def test_what_fits_is_taken_along_as_a_sheet_and_as_lines(
    auditor: Client, contract_a: ActiveContract
) -> None:
    for place in range(3):
        record("probe.written", contract_id=contract_a.id, data={"place": place, "of": FORMULA})
    record("other.written")
    answer = taken(auditor)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    sheet = io.StringIO(answer.getvalue().decode("utf-8-sig"))
    rows = list(csv.DictReader(sheet))
    assert [json.loads(row["data"])["place"] for row in rows] == [2, 1, 0]
    answer = taken(auditor, format="jsonl")
    facts = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    assert facts[0]["data"] == {"place": 2, "of": FORMULA}
    assert {UUID(one["contract_id"]) for one in facts} == {contract_a.id}
    events = AuditEvent.objects.filter(event_type="audit.exported").order_by("id")
    assert [event.data["form"] for event in events] == ["csv", "jsonl"]
    assert events[0].data["reason"] == "Ticket 7"
    assert events[0].data["narrowed_by"] == {"what": "probe"}


def test_a_reason_and_a_fresh_sign_in_are_needed(auditor: Client) -> None:
    assert "Enter the reason" in taken(auditor, reason="").content.decode()
    age_sign_in(auditor)
    assert taken(auditor).status_code == 302
    assert not AuditEvent.objects.filter(event_type="audit.exported").exists()


def test_who_asks_for_anothers_contract_takes_nothing_along(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    record("probe.written", contract_id=contract_b.id)
    mine = staff_client(StaffRole.AUDITOR, contract_a)
    answer = taken(mine, query=f"what=probe&contract={contract_b.id}")
    assert "makes no sense" in answer.content.decode()
    sheet = taken(mine).getvalue().decode()
    assert str(contract_b.id) not in sheet


def test_the_page_says_which_events_are_sealed(auditor: Client) -> None:
    event = record("probe.written")
    assert "not sealed yet" in shown(auditor, what="probe")
    AuditSeal.objects.create(
        event_id=event.id,
        chain=uuid7(),
        position=1234,
        digest=b"x" * 32,
        key_version=1,
        mac=b"x" * 32,
        sealed_at=clock.now(),
    )
    assert "number 1,234 in its chain" in shown(auditor, what="probe")


@pytest.mark.parametrize(("seconds", "is_told"), [(50, False), (70, True)])
def test_a_sealer_that_stands_still_is_told(auditor: Client, seconds: int, is_told: bool) -> None:
    record("probe.written", at=clock.now() - timedelta(seconds=seconds))
    assert ("The sealer stands still" in shown(auditor, what="probe")) == is_told
