"""From the outbox to a receiver, whatever the receiver is and does."""

import json
import threading
from http.server import BaseHTTPRequestHandler
from unittest import mock

import pytest
import trustme
from pytest_django.fixtures import Settings

from core.audit.models import AuditEvent
from core.common.probing.asking import Prober
from core.notifications.models import OutboxMessage
from core.webhooks import addresses
from core.webhooks.models import WebhookAttempt, WebhookEndpoint
from core.webhooks.secrets import secrets_of
from core.webhooks.services.endpoints import (
    EndpointFacts,
    change_endpoint,
    resume_endpoint,
    rotate_secret,
    send_test,
)
from core.webhooks.states import AttemptOutcome, DeliveryState, EndpointState
from tests.integration.webhooks.conftest import (
    MAKER,
    Clock,
    deliver,
    deliveries_of,
    happen,
    make,
    seal,
)
from tests.support.naive import fails_with
from tests.support.odd_servers import odd_server
from tests.support.receivers import (
    Received,
    believing,
    certificate_for,
    is_genuine,
    receiver,
    says,
)

FINE = says(200)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def in_production(settings: Settings) -> None:
    """Take the rules of production: nothing on this machine may be asked."""
    settings.PORTAL_LOCAL_HOSTS = False
    settings.PORTAL_WEBHOOK_NETWORKS = ()


def last_attempt(endpoint: WebhookEndpoint) -> WebhookAttempt:
    return WebhookAttempt.objects.filter(delivery__endpoint=endpoint).latest("id")


@pytest.mark.django_db
def test_what_arrives_is_signed_and_says_what_the_catalogue_says(clock: Clock) -> None:
    with receiver(FINE) as there:
        made = make(there, authorization="Splunk 0123")
        event = happen(data={"to": "suspended", "reason": "typed by Éva"})
        seal(event)
        assert deliver(made.endpoint, clock) == 1
    (came,) = there.received
    assert is_genuine(came, made.secret, now=clock().timestamp())
    assert came.path == "/hook?of=us"
    assert came.headers["Content-Type"] == "application/json"
    assert came.headers["Authorization"] == "Splunk 0123"
    assert json.loads(came.body) == {
        "api_version": "2026-11-01",
        "id": str(event.id),
        "type": "contract.suspended",
        "occurred_at": "2026-11-23T12:00:00Z",
        "contract": None,
        "subject": None,
        "actor": None,
        "result": "ok",
        "data": {"to": "suspended"},
    }
    (row,) = deliveries_of(made.endpoint)
    assert (row.state, row.status, row.delivered_at) == (DeliveryState.DELIVERED, 200, clock())
    assert last_attempt(made.endpoint).answer == "fine"


@pytest.mark.django_db
def test_a_fault_is_tried_again_under_the_same_id_with_the_same_body(clock: Clock) -> None:
    with receiver(says(500, 500, 200)) as there:
        endpoint = make(there).endpoint
        seal(happen())
        assert deliver(endpoint, clock) == 1
        assert deliver(endpoint, clock) == 0, "it is not due yet"
        clock.forward(seconds=7)
        assert deliver(endpoint, clock) == 1
        clock.forward(seconds=37)
        assert deliver(endpoint, clock) == 1
    assert len(set(there.ids)) == 1
    assert len({one.body for one in there.received}) == 1
    (row,) = deliveries_of(endpoint)
    assert (row.state, row.tries) == (DeliveryState.DELIVERED, 3)
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


@pytest.mark.django_db
def test_one_event_that_is_refused_does_not_hold_up_the_others(clock: Clock) -> None:
    with receiver(says(400, 200)) as there:
        endpoint = make(there).endpoint
        seal(happen(), happen(), happen())
        assert deliver(endpoint, clock) == 1, "after a failure the endpoint rests"
        clock.forward(seconds=6)
        while deliver(endpoint, clock):
            clock.forward(seconds=6)
    assert [one.state for one in deliveries_of(endpoint)] == [DeliveryState.DELIVERED] * 3


@pytest.mark.django_db
def test_a_receiver_that_asks_for_patience_gets_it(clock: Clock) -> None:
    with receiver(says(503, 200, Retry_After="600")) as there:
        endpoint = make(there).endpoint
        seal(happen())
        deliver(endpoint, clock)
    endpoint.refresh_from_db()
    assert endpoint.rests_until == clock.at.replace(minute=10)
    assert last_attempt(endpoint).outcome == AttemptOutcome.BUSY


@pytest.mark.django_db
def test_what_always_fails_is_given_up_after_days_while_others_arrive(clock: Clock) -> None:
    def refuse_one(came: Received, handler: BaseHTTPRequestHandler) -> None:
        is_bad = json.loads(came.body)["data"] == {"to": "bad"}
        says(422 if is_bad else 200)(came, handler)

    with receiver(refuse_one) as there:
        endpoint = make(there).endpoint
        seal(happen(data={"to": "bad"}))
        bad = deliveries_of(endpoint)[0]
        for _ in range(100):
            seal(happen())
            deliver(endpoint, clock)
            deliver(endpoint, clock)
            clock.forward(hours=2)
    bad.refresh_from_db()
    endpoint.refresh_from_db()
    assert (bad.state, bad.status) == (DeliveryState.DEAD, 422)
    assert 10 < bad.attempts.count() < 20
    assert endpoint.state == EndpointState.ACTIVE


@pytest.mark.django_db
def test_an_endpoint_that_is_down_for_days_is_paused_and_nothing_is_lost(clock: Clock) -> None:
    with receiver(FINE) as gone:
        endpoint = make(gone).endpoint
    seal(happen(), happen())
    while endpoint.is_active:
        deliver(endpoint, clock)
        clock.forward(hours=3)
        endpoint.refresh_from_db()
    paused = AuditEvent.objects.get(event_type="webhook.paused")
    assert (paused.subject_id, paused.result) == (endpoint.pk, "failures")
    assert OutboxMessage.objects.filter(kind="webhook_paused", subject_id=endpoint.pk).count() == 0
    assert deliver(endpoint, clock) == 0
    with receiver(FINE) as back:
        facts = EndpointFacts("Probe", back.address, ["contract.suspended"])
        change_endpoint(endpoint_id=endpoint.pk, facts=facts, by=MAKER, at=clock())
        resume_endpoint(endpoint_id=endpoint.pk, by=MAKER, at=clock())
        assert deliver(endpoint, clock) == 2
    assert [one.state for one in deliveries_of(endpoint)] == [DeliveryState.DELIVERED] * 2


@pytest.mark.django_db
def test_a_receiver_that_says_it_is_gone_is_believed(clock: Clock) -> None:
    with receiver(says(410)) as there:
        endpoint = make(there).endpoint
        seal(happen())
        deliver(endpoint, clock)
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.FAILED


@pytest.mark.django_db
def test_a_redirect_is_not_followed(clock: Clock) -> None:
    with receiver(FINE) as inside, receiver(says(307, Location=inside.address)) as outside:
        endpoint = make(outside).endpoint
        seal(happen())
        deliver(endpoint, clock)
    assert inside.received == []
    assert last_attempt(endpoint).outcome == AttemptOutcome.REDIRECT
    assert deliveries_of(endpoint)[0].state == DeliveryState.WAITING


def nothing_comes_inside(clock: Clock, *, name: str, answers: list[list[str]]) -> AttemptOutcome:
    """Deliver to a name that leads to this machine, by the rules of production."""
    with receiver(FINE) as inside:
        endpoint = make(f"https://{name}:{inside.port}/").endpoint
        prober = Prober(resolve=lambda _name: answers.pop(0), port=inside.port, patience=2)
        with mock.patch("core.webhooks.sending.prober_for", return_value=prober):
            seal(happen())
            deliver(endpoint, clock)
        assert inside.received == []
    return AttemptOutcome(last_attempt(endpoint).outcome)


@pytest.mark.django_db
def test_a_name_that_leads_inside_is_never_connected_to(clock: Clock, in_production: None) -> None:
    found = nothing_comes_inside(clock, name="a.example", answers=[["127.0.0.1"]])
    assert found == AttemptOutcome.INSIDE


@pytest.mark.django_db
def test_one_answer_of_the_resolver_is_all_that_is_gone_by(
    clock: Clock, in_production: None
) -> None:
    """Rebinding: public when it is looked at, inside when it is connected to."""
    answers = [["127.0.0.1"], ["203.1.2.3"]]
    assert nothing_comes_inside(clock, name="b.example", answers=answers) == AttemptOutcome.INSIDE
    assert answers == [["203.1.2.3"]]


@pytest.mark.django_db
def test_to_send_wherever_a_name_leads_would_reach_inside(
    clock: Clock, in_production: None
) -> None:
    """The naive way: the address was looked at when it was entered."""
    fails_with(
        "core.common.probing.asking.may_be_asked",
        lambda _address, *, allowed: True,
        lambda: nothing_comes_inside(clock, name="a.example", answers=[["127.0.0.1"]]),
        where="assert inside.received == []",
    )


@pytest.mark.django_db
def test_over_tls_the_certificate_has_to_be_for_the_name(clock: Clock) -> None:
    authority = trustme.CA()
    believed = mock.patch.object(addresses, "_authorities", return_value=believing(authority))
    right, wrong = (certificate_for(authority, name) for name in ("localhost", "other.example"))
    with believed, receiver(FINE, tls=right) as one, receiver(FINE, tls=wrong) as other:
        endpoints = [make(where).endpoint for where in (one, other)]
        seal(happen())
        for endpoint in endpoints:
            deliver(endpoint, clock)
    assert [last_attempt(one).outcome for one in endpoints] == ["taken", "certificate"]
    assert other.received == []


@pytest.mark.django_db
def test_an_answer_that_never_ends_is_left_at_its_moment(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "PATIENCE_SECONDS", 0.3)
    over = threading.Event()

    def drips(_came: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            handler.wfile.write(b"x")

    with receiver(drips) as there:
        endpoint = make(there).endpoint
        seal(happen())
        deliver(endpoint, clock)
        over.set()
    assert last_attempt(endpoint).outcome == AttemptOutcome.SLOW


@pytest.mark.django_db
def test_of_an_answer_the_status_counts_and_the_beginning_is_kept(clock: Clock) -> None:
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"y\x00" * 4_500_000
    with odd_server(huge) as there:
        endpoint = make(f"http://localhost:{there.port}/").endpoint
        seal(happen())
        deliver(endpoint, clock)
    attempt = last_attempt(endpoint)
    assert (attempt.outcome, len(attempt.answer)) == (AttemptOutcome.TAKEN, 500)
    assert "\x00" not in attempt.answer


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [b"", b"220 mail.example ESMTP\r\n", b"HTTP/1.1 2"])
def test_what_is_no_answer_is_a_failure(clock: Clock, answer: bytes) -> None:
    with odd_server(answer) as there:
        endpoint = make(f"http://localhost:{there.port}/").endpoint
        seal(happen())
        deliver(endpoint, clock)
    assert last_attempt(endpoint).outcome in {AttemptOutcome.ODD, AttemptOutcome.UNREACHABLE}
    assert deliveries_of(endpoint)[0].state == DeliveryState.WAITING


@pytest.mark.django_db
def test_while_receivers_change_over_both_secrets_sign(clock: Clock) -> None:
    with receiver(FINE) as there:
        made = make(there)
        rotated = rotate_secret(endpoint_id=made.endpoint.pk, at_once=False, by=MAKER, at=clock())
        for hours in (0, 25):
            clock.forward(hours=hours)
            send_test(endpoint_id=made.endpoint.pk, by=MAKER, at=clock())
            deliver(made.endpoint, clock)
    first, later = there.received
    now = clock().timestamp()
    assert is_genuine(first, made.secret, now=now - 25 * 3600)
    assert is_genuine(first, rotated.secret, now=now - 25 * 3600)
    assert is_genuine(later, rotated.secret, now=now)
    assert not is_genuine(later, made.secret, now=now)
    assert len(secrets_of(WebhookEndpoint.objects.get(), at=clock())) == 1
    assert json.loads(later.body)["type"] == "webhook.test"
