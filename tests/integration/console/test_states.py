"""Suspending, closing, archiving and resuming a contract: who may, what visitors see, and when."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from contracts.console.services import lifecycle
from contracts.console.services.lifecycle import (
    ChangePlannedError,
    ChangesFailedError,
    StepNotPossibleError,
    Wording,
    change_state,
    make_due_changes,
    withdraw_change,
)
from contracts.console.services.publishing import publish
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.publishing import publish_contract
from tenants.configuration.refusals import ArchivedError
from tenants.models import Contract, ContractChange
from tenants.states import STEPS, ContractState, may_become
from tests.support.people import deliver_all, make_person, make_provider
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
STATUS = "/staff/contracts/ms-um/status/"
SUSPEND = f"{STATUS}suspended/"
NOTE = "We move to another computer center."
BY = uuid7()


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def state() -> str:
    return Contract.objects.get(slug="ms-um").state


def change(to: ContractState, *, in_days: int = 0, note: str = "") -> ContractChange:
    at = clock.now()
    return change_state(
        contract_id=Contract.objects.get(slug="ms-um").pk,
        to=to,
        wording=Wording("A test", note),
        due_at=at + timedelta(days=in_days),
        by=BY,
        at=at,
    )


def events(name: str) -> int:
    return AuditEvent.objects.filter(event_type=name).count()


def test_an_operator_suspends_and_resumes_with_words_for_visitors(operator: Client) -> None:
    offered = operator.get(STATUS).content.decode()
    assert "Suspend" in offered
    assert "Archive" not in offered
    typed = {"when": "now", "reason": "Ticket 7", "public_note": NOTE, "back_on": "2031-03-02"}
    assert operator.post(SUSPEND, typed).headers["Location"] == STATUS
    shown = operator.get(STATUS).content.decode()
    assert "Suspended, since" in shown
    assert NOTE in shown
    met = Client().get("/ms-um/login/email/")
    assert (met.status_code, met.headers["Retry-After"]) == (503, "3600")
    page = met.content.decode()
    assert NOTE in page
    assert "expected back on March 2, 2031" in page
    assert "888-801-1910" in page
    assert operator.post(f"{STATUS}ready/", {"when": "now", "reason": "Done"}).status_code == 302
    assert Client().get("/ms-um/login/email/").status_code == 200
    assert (events("contract.suspended"), events("contract.resumed")) == (1, 1)


def test_what_visitors_see_of_a_closed_and_of_an_archived_contract() -> None:
    change(ContractState.CLOSED, note="<script>alert(1)</script> {{7*7}}")
    for host, path in (("localhost", "/ms-um/register/"), ("ms-um.localhost", "/")):
        met = Client().get(path, headers={"host": host})
        assert met.status_code == 410
        assert "is closed" in met.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in met.content.decode()
    change(ContractState.ARCHIVED)
    assert Client().get("/ms-um/register/").status_code == 404
    assert Client().get("/", headers={"host": "ms-um.localhost"}).status_code == 404


def test_no_tab_leads_to_a_page_that_is_not_there(operator: Client) -> None:
    for to in (ContractState.SUSPENDED, ContractState.CLOSED, ContractState.ARCHIVED):
        change(to)
        tabs = operator.get(STATUS).content.decode().split("<h1")[0]
        paths = set(re.findall(r'href="(/staff/contracts/ms-um/[^"]*)"', tabs))
        assert STATUS in paths
        assert [path for path in paths if operator.get(path).status_code != 200] == []


def test_the_page_of_a_suspended_contract_has_its_brand() -> None:
    change(ContractState.SUSPENDED)
    page = Client().get("/ms-um/").content.decode()
    sheet = page.split('href="/ms-um/brand/')[1].split('"')[0]
    assert Client().get(f"/ms-um/brand/{sheet}").headers["Content-Type"].startswith("text/css")


def test_home_names_a_program_that_rests() -> None:
    person = make_person("mia")
    make_provider(person, registry.get_contract("ms-um"))
    client = Client()
    sign_in_directly(client, person)
    change(ContractState.SUSPENDED, note=NOTE)
    shown = client.get("/home/").content.decode()
    assert NOTE in shown
    assert "Your providers and roles are kept." in shown


def test_a_change_is_planned_told_made_at_its_time_and_only_once(operator: Client) -> None:
    admin = make_staff(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"), name="carla")
    typed = {"when": "later", "due_on": "2031-03-02", "due_time": "06:30", "reason": "Its end"}
    assert operator.post(f"{STATUS}closed/", typed).status_code == 302
    planned = ContractChange.objects.get()
    assert planned.due_at == datetime(2031, 3, 2, 12, 30, tzinfo=UTC)  # Central time
    assert "Planned: closed on March 2, 2031, 6:30 AM" in operator.get(STATUS).content.decode()
    assert make_due_changes(at=planned.due_at - timedelta(seconds=1)) == 0
    assert state() == ContractState.READY
    assert make_due_changes(at=planned.due_at) == 1
    assert make_due_changes(at=planned.due_at) == 0
    assert state() == ContractState.CLOSED
    deliver_all()
    mails = LocalMessage.objects.filter(to=admin.email).order_by("sent_at", "id")
    told = [one.subject.rsplit(": ", 1)[1] for one in mails if "closed" in one.subject]
    assert told == ["closed from March 2, 2031", "closed now"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"when": "later", "due_on": "", "due_time": "06:30"}, "Enter the date"),
        ({"when": "later", "due_on": "2020-01-01", "due_time": "06:30"}, "This time has passed."),
        ({"when": "later", "due_on": "9999-12-31", "due_time": "23:59"}, "from 1900 to 2199"),
        ({"when": "now", "back_on": "2020-01-01"}, "This day has passed."),
        ({"when": "now", "reason": ""}, "Error:"),
    ],
)
def test_wrong_input_is_explained_and_kept(
    operator: Client, typed: dict[str, str], message: str
) -> None:
    shown = operator.post(SUSPEND, {"reason": "Why", "public_note": NOTE, **typed})
    assert message in shown.content.decode()
    assert NOTE in shown.content.decode()
    assert state() == ContractState.READY


def test_a_planned_change_is_withdrawn(operator: Client) -> None:
    planned = change(ContractState.CLOSED, in_days=3)
    with pytest.raises(ChangePlannedError):
        change(ContractState.SUSPENDED)
    path = f"{STATUS}{planned.pk}/withdraw/"
    assert "is withdrawn" in operator.post(path, follow=True).content.decode()
    assert "meanwhile" in operator.post(path, follow=True).content.decode()
    assert make_due_changes(at=planned.due_at) == 0
    assert state() == ContractState.READY


def test_a_change_that_fails_is_tried_again_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, at = change(ContractState.SUSPENDED, in_days=1), clock.now()
    other = change_state(
        contract_id=registry.get_contract("wv-bh").id,
        to=ContractState.SUSPENDED,
        wording=Wording("A test"),
        due_at=at + timedelta(days=2),
        by=BY,
        at=at,
    )
    make = lifecycle._make

    def failing(contract: Contract, due: ContractChange, *, at: datetime) -> None:
        if due.pk == first.pk:
            raise LookupError("a name of somebody")
        make(contract, due, at=at)

    with monkeypatch.context() as broken:
        broken.setattr(lifecycle, "_make", failing)
        with pytest.raises(ChangesFailedError):
            make_due_changes(at=other.due_at)
    assert state() == ContractState.READY
    assert Contract.objects.get(slug="wv-bh").state == ContractState.SUSPENDED
    assert "LookupError" in caplog.text
    assert "a name of somebody" not in caplog.text
    assert make_due_changes(at=other.due_at) == 1
    assert state() == ContractState.SUSPENDED


def test_a_planned_change_that_is_not_possible_any_more_ends_unmade() -> None:
    planned = change(ContractState.SUSPENDED, in_days=3)
    Contract.objects.filter(slug="ms-um").update(state=ContractState.CLOSED)
    assert make_due_changes(at=planned.due_at) == 0
    assert state() == ContractState.CLOSED
    assert events("contract_change.dropped") == 1


def test_no_step_is_taken_that_the_table_does_not_have() -> None:
    for present in ContractState:
        for wanted in ContractState:
            Contract.objects.filter(slug="ms-um").update(state=present)
            if may_become(present, wanted):
                assert change(wanted).done_at
            else:
                with pytest.raises(StepNotPossibleError):
                    change(wanted)
    assert all(ContractState.PROVISIONING not in steps for steps in STEPS.values())


def test_contract_admins_see_the_status_and_change_nothing() -> None:
    client = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"))
    assert "Suspend …" not in client.get(STATUS).content.decode()
    assert client.get(SUSPEND).status_code == client.post(SUSPEND).status_code == 403
    planned = change(ContractState.CLOSED, in_days=3)
    assert client.post(f"{STATUS}{planned.pk}/withdraw/").status_code == 403
    assert client.get("/staff/contracts/wv-bh/status/").status_code == 404


def test_a_change_of_another_contract_is_not_there(operator: Client) -> None:
    planned = change(ContractState.CLOSED, in_days=3)
    path = f"/staff/contracts/wv-bh/status/{planned.pk}/withdraw/"
    assert operator.post(path).status_code == 404


def test_an_archived_contract_publishes_nothing() -> None:
    document = registry.get_contract("ms-um").document
    Contract.objects.filter(slug="ms-um").update(state=ContractState.ARCHIVED)
    with pytest.raises(ArchivedError):
        publish_contract(document=document, base=1, by=None, at=clock.now())


def test_a_suspended_contract_is_published_and_stays_suspended() -> None:
    change(ContractState.SUSPENDED)
    document = changed(registry.get_configured("ms-um").document, accounts__lock_failures=2)
    published = publish(document=document, base=1, by=None, at=clock.now())
    assert registry.get_configured("ms-um").revision == published.published.revision.number == 2
    assert state() == ContractState.SUSPENDED


def test_the_database_keeps_one_plan_and_no_change_before_its_time() -> None:
    planned = change(ContractState.CLOSED, in_days=3)
    with pytest.raises(IntegrityError, match="contract_change_one_planned"), transaction.atomic():
        ContractChange.objects.create(
            contract_id=planned.contract_id,
            to_state="suspended",
            reason="Again",
            asked_by=BY,
            asked_at=planned.asked_at,
            due_at=planned.due_at,
        )
    late = ContractChange.objects.filter(pk=planned.pk)
    with pytest.raises(IntegrityError, match="contract_change_not_before_due"):
        late.update(done_at=planned.asked_at)


@pytest.mark.django_db(transaction=True)
def test_two_plans_at_once_one_is_kept_and_the_other_is_told() -> None:
    def ask(place: int) -> str:
        try:
            return "planned" if change(ContractState.CLOSED, in_days=place + 1).is_planned else "?"
        except ChangePlannedError:
            return "refused"

    assert sorted(at_once(4, ask)) == ["planned", "refused", "refused", "refused"]


@pytest.mark.django_db(transaction=True)
def test_a_change_is_withdrawn_or_made_and_never_both() -> None:
    planned = change(ContractState.CLOSED, in_days=1)

    def act(place: int) -> bool:
        if place % 2:
            return withdraw_change(change=planned, by=BY, at=planned.due_at)
        return make_due_changes(at=planned.due_at) == 1

    assert at_once(6, act).count(True) == 1
    assert (state() == ContractState.CLOSED) == bool(ContractChange.objects.get().done_at)
