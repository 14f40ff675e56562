"""The roster as a file: what it holds, who may take it, and what a filter that is none does."""

import csv
import io

import pytest
from django.test import Client

from contracts.roster.columns import COLUMNS
from core.audit.models import AuditEvent
from core.staff.models import StaffRole
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import CLINIC, WriteRoster, take
from tests.support.sign_in import age_sign_in
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
HERE = "/staff/contracts/wv-bh/roster/"
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def test_an_export_comes_in_again_as_it_is(
    operator: Client, contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    with contract_context(contract_a):
        take(
            write_roster(
                [CLINIC | {"name": FORMULA, "ends_on": "2031-01-31", "phone": "304-555-0100"}]
            )
        )
    answer = operator.post(f"{HERE}export/")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert list(rows[0]) == list(COLUMNS)
    with contract_context(contract_a):
        report = take(write_roster(rows))
    assert report.applied
    assert report.difference is not None
    assert report.difference.total == 0
    event = AuditEvent.objects.get(event_type="roster.exported")
    assert (event.data["entries"], event.data["narrowed_by"]) == (1, [])
    auditor = staff_client(StaffRole.AUDITOR, name="aud")
    assert auditor.post(f"{HERE}export/").status_code == 403


def test_an_export_asks_for_a_fresh_sign_in_and_keeps_its_filter(
    operator: Client, contract_a: ActiveContract
) -> None:
    export = f"{HERE}export/"
    age_sign_in(operator)
    led = operator.post(export, {"city": "Cedar Hollow"})
    assert led.headers["Location"].startswith("/confirm/")
    assert operator.get(export).headers["Location"].endswith("/entries/?city=Cedar+Hollow")
    assert not AuditEvent.objects.filter(event_type="roster.exported").exists()


@pytest.mark.parametrize("nonsense", [{"standing": "nobody"}, {"q": "x\0"}, {"city": "y" * 101}])
def test_an_export_by_a_filter_that_makes_no_sense_is_refused_at_the_field(
    operator: Client, contract_a: ActiveContract, nonsense: dict[str, str]
) -> None:
    answer = operator.post(f"{HERE}export/", nonsense)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    (field,) = nonsense
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not AuditEvent.objects.filter(event_type="roster.exported").exists()
