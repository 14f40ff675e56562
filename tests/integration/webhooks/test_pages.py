"""The pages of webhooks: who sees and changes what, and what each act leaves."""

import re
from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from core.staff.services.members import grant_role
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.services.telling import tell_owners
from core.webhooks.states import DeliveryState, EndpointKind, EndpointState
from tenants.context import ActiveContract
from tests.integration.webhooks.conftest import (
    START,
    Clock,
    deliver,
    deliveries_of,
    happen,
    make,
    seal,
)
from tests.support.days import day_of
from tests.support.naive import fails_with
from tests.support.people import deliver_all
from tests.support.receivers import receiver, says
from tests.support.sign_in import age_sign_in, sign_in_directly
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
LIST, NEW = "/staff/webhooks/", "/staff/webhooks/new/"
STREAM = f"{NEW}?kind=siem"
ACTS = ("edit/", "rotate/", "test/", "pause/", "resume/", "replay/", "delete/")


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def text_of(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer
    return str(answer.content.decode())


def entered(**other: object) -> dict[str, object]:
    return {
        "key": str(uuid7()),
        "name": "Eligibility",
        "address": "https://hooks.agency.example/in",
        "contract": "everywhere",
        "events_contract": ["contract.suspended"],
        "events_account": ["account.deactivated"],
        **other,
    }


def page_of(endpoint: WebhookEndpoint, rest: str = "") -> str:
    return f"{LIST}{endpoint.pk}/{rest}"


def test_a_webhook_is_made_once_and_its_secret_shown_once(
    operator: Client, contract_a: ActiveContract
) -> None:
    sent = entered(contract=str(contract_a.id))
    answer = operator.post(NEW, sent)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", answer.content.decode())
    assert secret is not None
    made = WebhookEndpoint.objects.get()
    assert made.event_types == ["contract.suspended", "account.deactivated"]
    assert made.contract_id == contract_a.id
    assert operator.post(NEW, sent).status_code == 302, "the form was sent twice"
    assert WebhookEndpoint.objects.count() == 1
    assert secret[0] not in text_of(operator, page_of(made))
    event = AuditEvent.objects.get(event_type="webhook.created")
    assert event.contract_id == contract_a.id
    assert secret[0][6:] not in str(event.data)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"address": "http://hooks.agency.example/"}, "begins with https"),
        ({"address": "https://169.254.169.254/"}, "no address of the internet"),
        ({"address": ""}, "address"),
        ({"events_contract": [], "events_account": []}, "Choose at least one event"),
        ({"events_contract": ["contract.invented"]}, "contract.invented"),
        ({"authorization": "Bearer é"}, "plain letters"),
        ({"contract": str(UUID(int=7))}, "valid choice"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(
    operator: Client, given: dict[str, object], words: str
) -> None:
    answer = operator.post(NEW, entered(**given))
    assert answer.status_code == 200
    assert words.lower() in answer.content.decode().lower()
    assert WebhookEndpoint.objects.count() == 0


def test_a_contract_admin_sees_and_makes_those_of_the_contract_alone(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    mine = make(contract=contract_a.id).endpoint
    others = [
        make(contract=contract_b.id).endpoint,
        make().endpoint,
        make(contract=contract_a.id, kind=EndpointKind.SIEM).endpoint,
    ]
    shown = text_of(admin, LIST)
    assert page_of(mine) in shown
    assert all(page_of(one) not in shown for one in others)
    assert "SIEM" not in shown
    seal(*[happen() for _ in range(3)])
    for one in others:
        for rest in ("", "edit/", "rotate/", "test/", "pause/", "replay/", "delete/"):
            text_of(admin, page_of(one, rest), 404)
            assert admin.post(page_of(one, rest)).status_code in {404, 405}
        for row in deliveries_of(one):
            text_of(admin, page_of(one, f"deliveries/{row.message_id}/"), 404)
            text_of(admin, page_of(mine, f"deliveries/{row.message_id}/"), 404)
    text_of(admin, f"{NEW}?kind=siem", 403)
    for contract in ("", str(contract_b.id)):
        assert admin.post(NEW, entered(contract=contract)).status_code == 200
        sent = entered(contract=str(contract_a.id))
        assert admin.post(f"{NEW}?kind=siem", sent).status_code == 403
    assert WebhookEndpoint.objects.count() == 4


def test_an_auditor_looks_and_changes_nothing(contract_a: ActiveContract) -> None:
    auditor = staff_client(StaffRole.AUDITOR, contract_a)
    endpoint = make(contract=contract_a.id).endpoint
    assert "Pause" not in text_of(auditor, page_of(endpoint))
    for rest in ACTS:
        assert auditor.post(page_of(endpoint, rest)).status_code == 403
    assert AuditEvent.objects.filter(event_type="staff_access.refused").count() == 7


def test_every_act_asks_for_a_fresh_sign_in(operator: Client) -> None:
    endpoint = make().endpoint
    age_sign_in(operator)
    acts = ("edit/", "rotate/", "test/", "pause/", "resume/", "replay/", "delete/")
    for path in (NEW, *(page_of(endpoint, rest) for rest in acts)):
        for answer in (operator.get(path), operator.post(path, {"reason": "x"})):
            assert answer.status_code == 302
            assert "confirm" in answer.headers["Location"]
    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_pause_resume_rotate_change_and_delete(operator: Client) -> None:
    endpoint = make().endpoint
    operator.post(page_of(endpoint, "pause/"), {"reason": "they move"})
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.PAUSED
    operator.post(page_of(endpoint, "resume/"))
    first = operator.post(page_of(endpoint, "rotate/"), {"at_once": "later"})
    again = operator.post(page_of(endpoint, "rotate/"), {"at_once": "later"})
    assert "whsec_" in first.content.decode()
    assert "whsec_" not in again.content.decode()
    operator.post(page_of(endpoint, "edit/"), entered(name="Other", address="https://b.example"))
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.address) == ("Other", "https://b.example/")
    operator.post(page_of(endpoint, "delete/"), {"reason": "not used"})
    assert WebhookEndpoint.objects.count() == 0
    acts = AuditEvent.objects.filter(subject_type="webhook", subject_id=endpoint.pk)
    assert list(acts.order_by("at", "id").values_list("event_type", flat=True)) == [
        *("webhook.created", "webhook.paused", "webhook.resumed", "webhook.secret_rotated"),
        *("webhook.changed", "webhook.deleted"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        ("https://a.example/in", "https://a.example:443/out", True),
        ("https://a.example/in", "https://b.example/in", False),
        ("https://a.example/in", "https://a.example:8443/in", False),
        ("https://localhost/in", "http://localhost/in", False),
        ("https://localhost:9/in", "http://localhost:9/in", False),
    ],
)
def test_what_authorizes_at_one_place_is_not_sent_to_another(
    operator: Client, before: str, after: str, stays: bool
) -> None:
    endpoint = make(before, authorization="Splunk 1").endpoint
    operator.post(page_of(endpoint, "edit/"), entered(address=after))
    endpoint.refresh_from_db()
    assert endpoint.address == after
    assert (endpoint.sealed_authorization is not None) == stays


def test_a_test_is_sent_looked_at_and_sent_again(operator: Client) -> None:
    the_clock = Clock()
    the_clock.at = clock.now()
    with receiver(says(503, 200)) as there:
        endpoint = make(there).endpoint
        leads_to = operator.post(page_of(endpoint, "test/")).headers["Location"]
        the_clock.at = clock.now()
        deliver(endpoint, the_clock)
        shown = text_of(operator, leads_to)
        assert "The receiver is busy (503)" in shown
        assert "webhook.test" in shown
        the_clock.forward(seconds=10)
        deliver(endpoint, the_clock)
        assert "Taken (200)" in text_of(operator, leads_to)
        operator.post(f"{leads_to}replay/", {"reason": "once more"})
        the_clock.at = clock.now()
        deliver(endpoint, the_clock)
    assert len(there.ids) == 3
    assert len(set(there.ids)) == 1
    assert "1 time, by staff" in text_of(operator, leads_to)


def test_deliveries_are_narrowed_and_sent_again_since_a_day(operator: Client) -> None:
    endpoint = make().endpoint
    seal(happen(), happen())
    rows = deliveries_of(endpoint)
    WebhookDelivery.objects.filter(pk=rows[0].pk).update(
        state=DeliveryState.DEAD, created_at=clock.now()
    )
    path = page_of(endpoint, "deliveries/")
    assert text_of(operator, f"{path}?state=dead").count("roles__row") == 1
    assert "No delivery fits" in text_of(operator, f"{path}?event=webhook.test")
    assert text_of(operator, f"{path}?state=nonsense&page=x").count("roles__row") == 2
    today = day_of().isoformat()
    asked = {"since": today, "which": "dead", "reason": "they were down"}
    operator.post(page_of(endpoint, "replay/"), {**asked, "since": "2999-01-01"})
    assert WebhookDelivery.objects.filter(state=DeliveryState.DEAD).count() == 1
    operator.post(page_of(endpoint, "replay/"), asked)
    assert WebhookDelivery.objects.filter(state=DeliveryState.DEAD).count() == 0


def test_a_batch_is_read_by_who_may_read_the_audit_trail(operator: Client) -> None:
    stream = make(kind=EndpointKind.SIEM).endpoint
    seal(happen())
    (row,) = deliveries_of(stream)
    path = page_of(stream, f"deliveries/{row.message_id}/")
    assert "which you may not read" in text_of(operator, path)
    auditor = staff_client(StaffRole.AUDITOR, name="otto")
    assert "which you may not read" not in text_of(auditor, path)


def test_a_stream_goes_where_somebody_says_who_may_read_the_trail(operator: Client) -> None:
    """An operator who may not read it does not have it sent to a place of their own either."""
    sent = entered(address="https://siem.agency.example/in")
    assert operator.post(STREAM, sent).status_code == 403, "it was made without the right"
    assert "New SIEM stream" not in text_of(operator, LIST)
    stream = make("https://a.example/in", kind=EndpointKind.SIEM).endpoint
    for act in ACTS:
        assert operator.post(page_of(stream, act), sent).status_code == 403, act
    stream.refresh_from_db()
    assert stream.address == "https://a.example/in"
    assert "Pause" not in text_of(operator, page_of(stream))
    user = User.objects.get(username="olive")
    grant_role(user_id=user.pk, role=StaffRole.AUDITOR, contract_id=None, by=None, at=clock.now())
    both = Client()
    sign_in_directly(both, User.objects.get(pk=user.pk), option="phone")
    assert "New SIEM stream" in text_of(both, LIST)
    assert both.post(STREAM, sent).status_code == 200
    assert both.post(page_of(stream, "edit/"), sent).status_code == 302
    stream.refresh_from_db()
    assert stream.address == "https://siem.agency.example/in"
    assert WebhookEndpoint.objects.count() == 2


def test_a_stream_by_whoever_manages_webhooks_is_seen(operator: Client) -> None:
    fails_with(
        "core.webhooks.access._STREAMING",
        (StaffPermission.WEBHOOKS_MANAGE,),
        lambda: test_a_stream_goes_where_somebody_says_who_may_read_the_trail(operator),
        where="it was made without the right",
    )


def test_who_made_an_endpoint_is_told_that_it_was_paused(operator: Client) -> None:
    operator.post(NEW, entered())
    endpoint = WebhookEndpoint.objects.get()
    WebhookEndpoint.objects.update(state=EndpointState.FAILED, failing_since=START)
    tell_owners(endpoint, at=clock.now())
    deliver_all()
    mail = LocalMessage.objects.filter(to="olive@clinic.example").latest("sent_at")
    assert "Eligibility takes no events any more" in mail.subject
    assert page_of(endpoint) in mail.text
    assert "1 webhook takes nothing" in re.sub(r"<[^>]+>|\s+", " ", text_of(operator, "/staff/"))


def test_what_was_chosen_is_back_after_a_confirmation(
    operator: Client, contract_a: ActiveContract
) -> None:
    age_sign_in(operator)
    chosen = ["contract.suspended", "contract.resumed"]
    given = entered(contract=str(contract_a.id), events_contract=chosen)
    assert operator.post(NEW, given).status_code == 302
    age_sign_in(operator, seconds=-301)
    page = text_of(operator, NEW)
    boxes = re.findall(r'<input type="checkbox"[^>]*value="([^"]+)"[^>]*checked', page)
    assert set(boxes) == {*chosen, "account.deactivated"}
    assert f'<option value="{contract_a.id}" selected' in page
