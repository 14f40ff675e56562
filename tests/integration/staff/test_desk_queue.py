"""The queue of requests for help, and registrations that are not finished."""

import pytest
from django.test import Client

from contracts.registration.models import PendingRegistration
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import HelpKind, HelpRequest
from core.mfa.services.help_requests import HelpFacts, open_help_request
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.integration.registration.journeys import Journey
from tests.support.people import deliver_all, make_person, make_provider
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
REASON = "ticket 4711"


def asked_for(contract: ActiveContract | None, account: str) -> HelpRequest:
    answer = open_help_request(
        kind=HelpKind.LOST_PHONE,
        facts=HelpFacts("Dana Reed", account, "304-555-0199", "Elm Clinic", "new number"),
        contract_id=contract.id if contract else None,
        address="192.0.2.1",
        by=None,
        at=clock.now(),
    )
    assert answer.request is not None
    return answer.request


def test_open_decide_close(contract_a: ActiveContract) -> None:
    dana = make_person("dana")
    make_provider(dana, contract_a)
    waiting = asked_for(contract_a, dana.email)
    desk = staff_client(StaffRole.HELP_DESK)
    page = desk.get("/staff/requests/").content.decode()
    assert waiting.reference in page
    assert contract_a.name in page
    path = f"/staff/requests/{waiting.id}/"
    page = desk.get(path).content.decode()
    assert "304-555-0199" in page
    assert "new number" in page
    opened = desk.post(f"{path}account/").headers["Location"]
    assert opened == f"/staff/accounts/{dana.id}/"
    assert desk.get(opened).status_code == 200
    event = AuditEvent.objects.get(event_type="staff_search.made")
    assert (event.data["by"], event.data["reason"]) == ("help_request", waiting.reference)

    assert "Say what came of it" in desk.post(path, {"outcome": ""}).content.decode()
    done = desk.post(path, {"outcome": "called back, reset"}, follow=True).content.decode()
    assert f"{waiting.reference} is closed" in done
    assert "No open request" in done
    waiting.refresh_from_db()
    assert waiting.outcome == "called back, reset"
    again = desk.post(path, {"outcome": "again"}, follow=True).content.decode()
    assert "closed by somebody else" in again


def test_scope_of_the_queue(contract_a: ActiveContract, contract_b: ActiveContract) -> None:
    here, elsewhere = asked_for(contract_a, "x@a.example"), asked_for(contract_b, "y@a.example")
    nowhere = asked_for(None, "z@a.example")
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    page = admin.get("/staff/requests/").content.decode()
    assert here.reference in page
    assert elsewhere.reference not in page
    assert nowhere.reference not in page
    for hidden in (elsewhere, nowhere):
        assert admin.get(f"/staff/requests/{hidden.id}/").status_code == 404
        assert admin.post(f"/staff/requests/{hidden.id}/account/").status_code == 404
    # Nobody has the address: there is no account to look at.
    assert admin.post(f"/staff/requests/{here.id}/account/").status_code == 404


def test_an_auditor_closes_nothing(contract_a: ActiveContract) -> None:
    waiting = asked_for(contract_a, "x@a.example")
    auditor = staff_client(StaffRole.AUDITOR)
    assert "Close the request" not in auditor.get(f"/staff/requests/{waiting.id}/").content.decode()
    assert auditor.post(f"/staff/requests/{waiting.id}/", {"outcome": "x"}).status_code == 403
    waiting.refresh_from_db()
    assert waiting.closed_at is None


@pytest.fixture
def pending(contract_a: ActiveContract) -> PendingRegistration:
    journey = Journey(contract_a.slug)
    journey.start().inform().submit()
    return PendingRegistration.objects.get()


def find(client: Client, by: str, value: str, contract: str = "") -> str:
    typed = {"by": by, "value": value, "contract": contract, "reason": REASON}
    return client.post("/staff/accounts/", typed).content.decode()


def test_a_registration_link_is_sent_anew(
    pending: PendingRegistration, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    desk = staff_client(StaffRole.HELP_DESK)
    path = f"/staff/registrations/{pending.id}/"
    assert desk.get(path).headers["Location"] == "/staff/accounts/?again"
    assert path in find(desk, "email", pending.email.upper())
    assert path in find(desk, "username", pending.username)
    assert path in find(desk, "identifier", pending.identifier, str(contract_a.id))
    page = desk.get(path).content.decode()
    assert "registration that is not finished" in page.lower()
    assert pending.email not in page
    PendingRegistration.objects.filter(pk=pending.pk).update(link_expires_at=clock.now())
    deliver_all()
    before = LocalMessage.objects.filter(to=pending.email).count()
    done = desk.post(path, {"reason": REASON}, follow=True).content.decode()
    assert "The link is on its way" in done
    deliver_all()
    assert LocalMessage.objects.filter(to=pending.email).count() == before + 1
    event = AuditEvent.objects.get(event_type="registration.link_resent")
    assert (event.data["reason"], event.contract_id) == (REASON, contract_a.id)
    assert "A mail went out a moment ago" in desk.post(path, {"reason": REASON}).content.decode()

    other = staff_client(StaffRole.CONTRACT_ADMIN, contract_b, name="other")
    assert "Nobody found" in find(other, "username", pending.username)
    assert other.get(path).status_code == 404
    auditor = staff_client(StaffRole.AUDITOR, name="avery")
    find(auditor, "username", pending.username)
    assert "Resend" not in auditor.get(path).content.decode()
    assert auditor.post(path, {"reason": REASON}).status_code == 403
