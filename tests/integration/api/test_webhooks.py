"""Webhooks by the API: made, changed, paused, deleted; deliveries looked at and sent again."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.api.models import KeptAnswer
from core.audit.models import AuditEvent
from core.common import clock
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.secrets import authorization_of, secrets_of
from core.webhooks.signing import written
from core.webhooks.states import DeliveryState, EndpointKind, EndpointState
from tenants.context import ActiveContract
from tests.integration.webhooks.conftest import START, Clock, deliver, happen, make, seal
from tests.support.api import Caller, assert_problem, caller
from tests.support.receivers import receiver, says
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
HOOKS = "/webhooks/"
MOST_STATEMENTS = 6
ACTS: dict[str, object] = {
    "rotate/": {},
    "pause/": {"reason": "x"},
    "resume/": None,
    "test/": None,
    "replay/": {"reason": "x", "since": "2026-11-23T00:00:00Z"},
    "delete/": {"reason": "x"},
}


@pytest.fixture
def olive() -> Caller:
    return caller()


def wanted(**other: object) -> dict[str, object]:
    return {
        "name": "Eligibility",
        "contract": None,
        "address": "https://hooks.agency.example/in",
        "events": ["contract.suspended"],
        **other,
    }


def changed(**other: object) -> dict[str, object]:
    return {name: value for name, value in wanted(**other).items() if name != "contract"}


def at(endpoint: WebhookEndpoint, rest: str = "") -> str:
    return f"{HOOKS}{endpoint.pk}/{rest}"


def kept() -> bytes:
    return b"".join(bytes(one.sealed_body) for one in KeptAnswer.objects.all())


def in_force(endpoint: WebhookEndpoint) -> list[str]:
    endpoint.refresh_from_db()
    return [written(one) for one in secrets_of(endpoint, at=clock.now())]


def test_a_webhook_is_made_once_and_its_secret_is_given_once(
    olive: Caller, contract_a: ActiveContract
) -> None:
    sent = wanted(contract=contract_a.slug, authorization="Splunk 1")
    answer = olive.post(HOOKS, sent, key="k1")
    assert answer.status_code == 201, answer.content
    made, facts = WebhookEndpoint.objects.get(), dict(answer.json())
    assert [facts.pop("secret")] == in_force(made)
    assert authorization_of(made) == "Splunk 1"
    assert olive.post(HOOKS, sent, key="k1").json() == answer.json()
    assert WebhookEndpoint.objects.count() == 1
    assert answer.headers["Location"] == f"/api/v1{at(made)}"
    assert olive.get(at(made)).json() == facts
    assert olive.get(HOOKS).json() == {"items": [facts], "next": None}
    assert (facts["contract"], facts["has_authorization"]) == (contract_a.slug, True)
    event = AuditEvent.objects.get(event_type="webhook.created")
    assert (event.contract_id, event.actor_id) == (contract_a.id, olive.user.pk)
    assert event.data["token"]
    for secret in (*in_force(made), "Splunk 1"):
        assert secret.encode() not in kept()
        assert secret not in str(event.data)


@pytest.mark.parametrize(
    ("given", "status", "pointer"),
    [
        ({"address": "http://hooks.agency.example/"}, 422, "/address"),
        ({"address": "https://169.254.169.254/"}, 422, "/address"),
        ({"address": "https://user@hooks.example/"}, 422, "/address"),
        ({"address": ""}, 400, "/address"),
        ({"events": []}, 422, "/events"),
        ({"events": ["contract.closed", "contract.invented"]}, 400, "/events/1"),
        ({"authorization": "Bearer \r\nX: y"}, 400, "/authorization"),
        ({"authorization": "Bearer é"}, 400, "/authorization"),
        ({"name": " "}, 400, "/name"),
        ({"name": "Two\r\nlines"}, 400, "/name"),
        ({"colour": 1}, 400, "/colour"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_done(
    olive: Caller, given: dict[str, Any], status: int, pointer: str
) -> None:
    endpoint = make().endpoint
    refused = [olive.post(HOOKS, wanted(**given)), olive.put(at(endpoint), changed(**given))]
    for answer in refused:
        assert answer.status_code == status, answer.content
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    endpoint.refresh_from_db()
    assert endpoint.name == "Probe"
    assert WebhookEndpoint.objects.count() == 1


def test_a_contract_that_was_forgotten_is_not_the_whole_deployment(olive: Caller) -> None:
    answer = assert_problem(olive.post(HOOKS, changed()), 400, "body_invalid")
    assert answer["errors"][0]["pointer"] == "/contract"


def test_a_stream_names_no_events_and_takes_the_right_to_read_the_trail(
    contract_a: ActiveContract,
) -> None:
    stream = wanted(kind="siem", events=[])
    assert_problem(caller().post(HOOKS, stream), 403, "right_missing")
    admin = caller(StaffRole.CONTRACT_ADMIN, contract_a, name="admin")
    assert_problem(admin.post(HOOKS, {**stream, "contract": "wv-bh"}), 403, "right_missing")
    named = assert_problem(
        caller(name="o").put(at(make().endpoint), changed(kind="siem")), 400, "body_invalid"
    )
    assert named["errors"][0]["pointer"] == "/kind"
    assert not WebhookEndpoint.objects.filter(kind=EndpointKind.SIEM).exists()


def test_it_is_changed_and_what_authorizes_stays_until_said_otherwise(olive: Caller) -> None:
    endpoint = make("https://a.example/in", authorization="Splunk 1").endpoint
    answer = olive.put(at(endpoint), changed(address="https://a.example/out", name="Other"))
    assert (answer.status_code, answer.json()["name"]) == (200, "Other")
    assert answer.json()["has_authorization"]
    taken = olive.put(at(endpoint), changed(address="https://a.example/out", authorization=""))
    assert not taken.json()["has_authorization"]
    event = AuditEvent.objects.filter(event_type="webhook.changed").latest("at")
    assert event.data["host"] == "a.example"


def test_another_secret_is_given_once_and_both_sign_for_a_day(olive: Caller) -> None:
    made = make()
    answer = olive.post(at(made.endpoint, "rotate/"), {}, key="k1")
    secret = answer.json()["secret"]
    assert in_force(made.endpoint) == [secret, made.secret]
    assert olive.post(at(made.endpoint, "rotate/"), {}, key="k1").json() == answer.json()
    assert secret.encode() not in kept()
    assert_problem(olive.post(at(made.endpoint, "rotate/"), {}), 409, "webhook_rotation")
    assert olive.get(at(made.endpoint)).json()["former_secret_ends_at"]
    now = olive.post(at(made.endpoint, "rotate/"), {"at_once": True}).json()
    assert in_force(made.endpoint) == [now["secret"]]
    assert now["former_secret_ends_at"] is None


def test_pause_and_resume(olive: Caller) -> None:
    endpoint = make().endpoint
    for _ in range(2):
        paused = olive.post(at(endpoint, "pause/"), {"reason": "Ticket 7"})
        assert (paused.status_code, paused.json()["state"]) == (200, EndpointState.PAUSED)
    assert AuditEvent.objects.get(event_type="webhook.paused").data["reason"] == "Ticket 7"
    assert olive.post(at(endpoint, "resume/")).json()["state"] == EndpointState.ACTIVE


def test_deleting_again_with_its_key_gives_the_answer_again(olive: Caller) -> None:
    endpoint = make().endpoint
    gone = olive.post(at(endpoint, "delete/"), {"reason": "Unused"}, key="k1")
    assert (gone.status_code, gone.json()["id"]) == (200, str(endpoint.pk))
    again = olive.post(at(endpoint, "delete/"), {"reason": "Unused"}, key="k1")
    assert (again.status_code, again.json()) == (200, gone.json())
    assert_problem(olive.post(at(endpoint, "delete/"), {"reason": "Unused"}), 404, "not_found")
    assert not WebhookEndpoint.objects.exists()
    assert AuditEvent.objects.get(event_type="webhook.deleted").data["reason"] == "Unused"


def test_a_test_is_sent_looked_at_and_sent_again(olive: Caller) -> None:
    the_clock = Clock()
    with receiver(says(503, 200)) as there:
        endpoint = make(there).endpoint
        sent = olive.post(at(endpoint, "test/"))
        assert sent.status_code == 202
        delivery = at(endpoint, f"deliveries/{sent.json()['delivery']['id']}/")
        the_clock.at = clock.now()
        deliver(endpoint, the_clock)
        tried = olive.get(delivery).json()
        assert (tried["state"], tried["outcome"], tried["status"]) == ("waiting", "busy", 503)
        the_clock.forward(seconds=10)
        deliver(endpoint, the_clock)
        found = olive.get(delivery).json()
        assert [one["status"] for one in found["attempts"]] == [200, 503]
        assert found["body"]["type"] == "webhook.test"
        again = olive.post(f"{delivery}replay/", {"reason": "Ticket 7"}).json()
        assert (again["state"], again["replays"]) == ("waiting", 1)
        the_clock.at = clock.now()
        deliver(endpoint, the_clock)
    assert there.ids == [found["id"]] * 3
    assert AuditEvent.objects.get(event_type="webhook.replayed").data["reason"] == "Ticket 7"


def test_deliveries_are_paged_narrowed_and_sent_again_since_a_moment(olive: Caller) -> None:
    endpoint = make().endpoint
    seal(*[happen() for _ in range(5)])
    dead = endpoint.deliveries.order_by("id")[0]
    WebhookDelivery.objects.filter(pk=dead.pk).update(state=DeliveryState.DEAD)
    path = at(endpoint, "deliveries/")
    cursor: str | None = ""
    seen: list[dict[str, Any]] = []
    while len(seen) < 5:
        page = olive.get(f"{path}?limit=2&cursor={cursor}").json()
        seen, cursor = seen + page["items"], page["next"]
    assert cursor is None
    newest_first = endpoint.deliveries.order_by("-id").values_list("message_id", flat=True)
    assert [one["id"] for one in seen] == [str(one) for one in newest_first]
    (found,) = olive.get(f"{path}?state=dead").json()["items"]
    assert (found["id"], found["due_at"]) == (str(dead.message_id), None)
    assert olive.get(f"{path}?event=webhook.test").json()["items"] == []
    for query in ("state=odd", "event=odd"):
        assert_problem(olive.get(f"{path}?{query}"), 400, "query_invalid")
    assert olive.get(at(endpoint)).json()["dead"] == 1
    asked = {"reason": "They were down", "since": START.isoformat()}
    assert olive.post(at(endpoint, "replay/"), asked).json() == {"deliveries": 1}
    naive = {**asked, "since": "2026-11-23T00:00:00"}
    assert_problem(olive.post(at(endpoint, "replay/"), naive), 400, "body_invalid")


def test_a_batch_says_where_it_stands_in_the_trail_and_not_what_it_says(olive: Caller) -> None:
    stream = make(kind=EndpointKind.SIEM).endpoint
    seal(happen(), happen())
    (row,) = stream.deliveries.all()
    found = olive.get(at(stream, f"deliveries/{row.message_id}/")).json()
    assert (found["batch"]["first"], found["batch"]["last"]) == (1, 2)
    assert (found["event"], found["body"]) == (None, None)


def test_out_of_scope_it_does_not_exist(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    admin = caller(StaffRole.CONTRACT_ADMIN, contract_a)
    limited = caller(name="limited", only=(contract_a,))
    mine = make(contract=contract_a.id).endpoint
    others = [
        make(contract=contract_b.id).endpoint,
        make().endpoint,
        make(contract=contract_a.id, kind=EndpointKind.SIEM).endpoint,
    ]
    seal(*[happen() for _ in range(2)])
    for who in (admin, limited):
        assert [one["id"] for one in who.get(HOOKS).json()["items"]] == [str(mine.pk)]
        for slug in (contract_b.slug, "nowhere"):
            assert_problem(who.post(HOOKS, wanted(contract=slug)), 422, "contract_unknown")
        assert_problem(who.post(HOOKS, wanted()), 403, "right_missing")
        for one in others:
            refused = [who.get(at(one)), who.get(at(one, "deliveries/"))]
            refused += [who.put(at(one), changed())]
            refused += [who.post(at(one, rest), body) for rest, body in ACTS.items()]
            for row in one.deliveries.all():
                path = f"deliveries/{row.message_id}/"
                refused += [who.get(at(one, path)), who.get(at(mine, path))]
                refused += [who.post(at(mine, f"{path}replay/"), {"reason": "x"})]
            for answer in refused:
                assert_problem(answer, 404, "not_found")
    assert WebhookEndpoint.objects.count() == 4


def test_who_may_look_changes_nothing(contract_a: ActiveContract) -> None:
    endpoint = make(contract=contract_a.id).endpoint
    auditor = caller(StaffRole.AUDITOR, contract_a)
    reader = caller(name="reader", rights=(StaffPermission.WEBHOOKS_VIEW,))
    for who in (auditor, reader):
        assert who.get(at(endpoint)).status_code == 200
        for rest, body in ACTS.items():
            assert_problem(who.post(at(endpoint, rest), body), 403, "right_missing")
        assert_problem(who.put(at(endpoint), changed()), 403, "right_missing")
        assert_problem(who.post(HOOKS, wanted(contract="wv-bh")), 403, "right_missing")
    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_pages_are_by_name_and_cost_few_statements(olive: Caller) -> None:
    endpoints = [make().endpoint for _ in range(5)]
    seal(*[happen() for _ in range(3)])
    row = endpoints[0].deliveries.all()[0]
    paths = [f"{HOOKS}?limit=3", at(endpoints[0]), at(endpoints[0], "deliveries/")]
    for path in (*paths, at(endpoints[0], f"deliveries/{row.message_id}/")):
        with CaptureQueriesContext(connection) as captured:
            assert olive.get(path).status_code == 200
        assert len(captured) <= MOST_STATEMENTS
    first = olive.get(f"{HOOKS}?limit=3").json()
    second = olive.get(f"{HOOKS}?limit=3&cursor={first['next']}").json()
    assert {one["waiting"] for one in first["items"]} == {3}
    seen = [one["id"] for one in first["items"] + second["items"]]
    assert sorted(seen) == sorted(str(one.pk) for one in endpoints)
    assert_problem(olive.get(at(WebhookEndpoint(id=uuid4()))), 404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_of_two_with_one_key_at_once_one_makes_it_and_both_get_its_secret(olive: Caller) -> None:
    answers = at_once(3, lambda _: olive.post(HOOKS, wanted(), key="k1").json()["secret"])
    assert answers == in_force(WebhookEndpoint.objects.get()) * 3
