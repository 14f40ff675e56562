"""A stream to a SIEM: every sealed event, in the order of its chain, provable, nothing missing."""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from core.audit.chains import DEPLOYMENT_CHAIN
from core.audit.content import content_of
from core.audit.following import SealedEvent
from core.audit.models import AuditEvent, AuditSeal
from core.audit.sealing import seal_events
from core.common import clock as real
from core.webhooks.catalogue import EVENTS, TEST
from core.webhooks.models import WebhookDelivery
from core.webhooks.services import following
from core.webhooks.services.endpoints import send_test
from core.webhooks.states import DeliveryState, EndpointKind
from tenants.context import ActiveContract
from tests.integration.audit.conftest import seal_all, without_protection
from tests.integration.webhooks.conftest import (
    MAKER,
    Clock,
    deliver,
    deliveries_of,
    happen,
    make,
    seal,
)
from tests.support.receivers import Receiver, receiver, says
from tests.support.threads import at_once

SIEM = EndpointKind.SIEM
HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto" / "receive-webhooks.md"


def of_the_howto(name: str) -> Callable[..., Any]:
    """Return a function as receivers are shown it."""
    known: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", HOWTO.read_text(), re.DOTALL):
        exec(block, known)
    found: Callable[..., Any] = known[name]
    return found


def lines_of(there: Receiver) -> list[Mapping[str, Any]]:
    return [json.loads(line) for one in there.received for line in one.body.splitlines()]


@pytest.fixture
def clock() -> Clock:
    """A clock that is ahead of the real one, by which things are sealed here."""
    made = Clock()
    made.at = real.now() + timedelta(minutes=4)  # receivers take that for now
    return made


def act(contract: ActiveContract | None = None, **data: object) -> None:
    with transaction.atomic():
        of = contract.id if contract else None
        happen("probe.written", contract=of, at=real.now(), data=data)


@pytest.mark.django_db(transaction=True)
def test_a_chain_arrives_whole_and_proves_itself(
    clock: Clock, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    seal_all()
    with receiver(says(200)) as there:
        made = make(there, kind=SIEM, contract=contract_a.id)
        for place in range(7):
            act(contract_a, place=place, of="Éva")
            act(contract_b)
            seal_events(at=real.now())
        seal_all()
        while deliver(made.endpoint, clock):
            pass
    lines = lines_of(there)
    sealed = AuditSeal.objects.filter(chain=contract_a.id).order_by("position")
    assert [line["digest"] for line in lines] == [
        bytes(one.digest).hex() for one in sealed.reverse()[: len(lines)][::-1]
    ]
    told = [line["event"]["data"] for line in lines if line["event"]["type"] == "probe.written"]
    assert [data["place"] for data in told] == list(range(7))
    digest_of = of_the_howto("digest_of")
    assert all(digest_of(line) == line["digest"] for line in lines)
    for before, line in itertools.pairwise(lines):
        assert line["previous"] == before["digest"]
        assert line["position"] == before["position"] + 1
    changed = {**lines[2], "event": {**lines[2]["event"], "result": "refused"}}
    assert digest_of(changed) != changed["digest"]
    is_genuine = of_the_howto("is_genuine")
    for came in there.received:
        headers = {name.lower(): value for name, value in came.headers.items()}
        assert is_genuine(headers, came.body, made.secret)
        assert not is_genuine(headers, came.body + b" ", made.secret)


@pytest.mark.django_db(transaction=True)
def test_of_the_whole_deployment_every_chain(
    clock: Clock, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    seal_all()
    with receiver(says(200)) as there:
        stream = make(there, kind=SIEM).endpoint
        for contract in (contract_a, contract_b, None):
            act(contract, here="yes")
        seal_all()
        deliver(stream, clock)
    probes = [line["chain"] for line in lines_of(there) if line["event"]["type"] == "probe.written"]
    assert sorted(probes) == sorted([str(contract_a.id), str(contract_b.id), "deployment"])


@pytest.mark.django_db(transaction=True)
def test_writers_sealers_and_workers_at_once_leave_no_gap_and_no_double(clock: Clock) -> None:
    """While batches grow, others are sent."""
    seal_all()
    before = AuditSeal.objects.filter(chain=DEPLOYMENT_CHAIN).count()
    with receiver(says(200)) as there:
        stream = make(there, kind=SIEM).endpoint

        def work(place: int) -> None:
            for _ in range(12):
                if place < 4:
                    act()
                elif place < 6:
                    seal_events(at=real.now())
                else:
                    deliver(stream, clock)

        at_once(8, work)
        seal_all()
        while deliver(stream, clock):
            pass
    positions = [line["position"] for line in lines_of(there) if line["chain"] == "deployment"]
    assert positions == list(range(before + 1, before + len(positions) + 1))
    assert len(positions) >= 48
    assert there.most_at_once == 1


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_is_not_taken_holds_up_what_is_behind_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_EVENTS", 2)
    seal_all()
    with receiver(says(500, 200)) as there:
        stream = make(there, kind=SIEM).endpoint
        for _ in range(6):
            act()
        seal_all()
        assert deliver(stream, clock) == 1
        assert deliver(stream, clock) == 0
        clock.forward(seconds=6)
        assert deliver(stream, clock) == len(deliveries_of(stream))
    lines = lines_of(there)
    assert lines[0] == lines[2], "the first batch once more, before anything else"
    positions = [line["position"] for line in lines[2:]]
    assert positions == sorted(set(positions))
    assert max(one.events for one in deliveries_of(stream)) == 2


@pytest.mark.django_db
def test_batches_are_bounded_by_their_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_OCTETS", 3_000)
    stream = make(kind=SIEM).endpoint
    seal(*[happen("probe.written", data={"much": "y" * 1_500}) for _ in range(3)])
    assert [one.events for one in deliveries_of(stream)] == [1, 1, 1]
    _follow(happen("probe.written", data={"more": "y" * 5_000}), 4)
    assert len(deliveries_of(stream)) == 4, "one that is larger goes alone"


@pytest.mark.django_db
def test_a_batch_goes_on_until_somebody_begins_to_send_it() -> None:
    stream = make(kind=SIEM).endpoint
    events = [happen("probe.written") for _ in range(4)]
    seal(*events[:2])
    (batch,) = deliveries_of(stream)
    _follow(events[2], 3)
    batch.refresh_from_db()
    assert (batch.first, batch.last) == (1, 3)
    WebhookDelivery.objects.update(attempted_at=real.now())
    _follow(events[3], 4)
    assert [(one.first, one.last) for one in deliveries_of(stream)] == [(1, 3), (4, 4)]


def _follow(event: AuditEvent, position: int) -> None:
    sealed = SealedEvent(DEPLOYMENT_CHAIN, position, content_of(event), is_adopted=False)
    following.write_deliveries([sealed], real.now())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_stream_says_so_when_the_trail_is_not_as_it_was(clock: Clock) -> None:
    seal_all()
    with receiver(says(200)) as there:
        stream = make(there, kind=SIEM).endpoint
        send_test(endpoint_id=stream.pk, by=MAKER, at=real.now())
        seal_all()
        with without_protection() as cursor:
            cursor.execute("DELETE FROM core_audit_auditevent WHERE event_type = 'webhook.tested'")
        deliver(stream, clock)
    assert there.received == []
    (row,) = deliveries_of(stream)
    assert (row.state, row.outcome) == (DeliveryState.WAITING, "unreadable")


def test_the_howto_lists_every_event_with_its_fields() -> None:
    text = HOWTO.read_text()
    for event in EVENTS:
        fields = ", ".join(f"`{name}`" for name in event.data)
        assert f"| `{event.name}` | {event.tells} | {fields} |" in text
    assert f"`{TEST}`" in text
