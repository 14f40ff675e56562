"""The audit trail by the API: found, paged, in scope, with its seals; reading it is recorded."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from core.audit.models import AuditEvent
from core.audit.recording import Happening, record, record_all
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract
from tests.integration.audit.conftest import seal_all, write
from tests.support.api import Caller, assert_problem, caller

pytestmark = pytest.mark.django_db
EVENTS = "/audit/events/"


@pytest.fixture
def auditor() -> Caller:
    return caller(StaffRole.AUDITOR)


def types(who: Caller, query: str = "") -> list[str]:
    answer = who.get(f"{EVENTS}?limit=200&{query}")
    assert answer.status_code == 200, answer.content
    return [event["event_type"] for event in answer.json()["items"]]


def test_events_are_found_by_each_thing(auditor: Caller, contract_a: ActiveContract) -> None:
    about, at = uuid7(), clock.now()
    record("probe.written", contract_id=contract_a.id, subject=("provider", about))
    record("probe.refused", actor_id=auditor.user.pk, at=at - timedelta(days=40))
    assert types(auditor, "what=probe") == ["probe.written", "probe.refused"]
    assert types(auditor, "what=probe.refused") == ["probe.refused"]
    assert types(auditor, f"object={about}") == ["probe.written"]
    assert types(auditor, f"contract={contract_a.slug}&what=probe") == ["probe.written"]
    assert types(auditor, f"who={auditor.user.pk}&what=probe") == ["probe.refused"]
    since = quote((at - timedelta(days=1)).isoformat())
    assert types(auditor, f"what=probe&since={since}") == ["probe.written"]
    assert types(auditor, f"what=probe&until={since}") == ["probe.refused"]


def test_the_deployments_own_events_are_asked_for_alone(
    auditor: Caller, contract_a: ActiveContract
) -> None:
    record("probe.written", contract_id=contract_a.id)
    record("probe.refused")
    assert types(auditor, "what=probe&chain=deployment") == ["probe.refused"]
    inside = caller(StaffRole.AUDITOR, contract_a, name="here")
    assert_problem(inside.get(f"{EVENTS}?chain=deployment"), 404, "not_found")
    assert_problem(auditor.get(f"{EVENTS}?chain={contract_a.id}"), 400, "query_invalid")


def test_who_reads_for_one_contract_reads_no_other(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    mine = record("probe.written", contract_id=contract_a.id)
    other = record("probe.written", contract_id=contract_b.id)
    nobodys = record("probe.written")
    reader = caller(StaffRole.AUDITOR, contract_a)
    assert types(reader, "what=probe") == ["probe.written"]
    assert reader.get(f"{EVENTS}{mine.id}/").json()["id"] == str(mine.id)
    for event in (other, nobodys):
        assert_problem(reader.get(f"{EVENTS}{event.id}/"), 404, "not_found")
    assert_problem(reader.get(f"{EVENTS}?contract={contract_b.slug}"), 404, "not_found")


def test_who_holds_no_right_reads_nothing() -> None:
    assert_problem(caller(StaffRole.OPERATOR).get(EVENTS), 403, "right_missing")


def test_pages_have_each_event_once_and_cost_few_statements(
    auditor: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    at = clock.now()
    record_all([Happening("probe.written", data={"place": place}) for place in range(25)], at=at)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        with django_assert_max_num_queries(6):
            answer = auditor.get(f"{EVENTS}?what=probe&limit=10&cursor={cursor}").json()
        seen += [event["data"]["place"] for event in answer["items"]]
        cursor = answer["next"]
    assert sorted(seen) == list(range(25))


def test_what_is_looked_for_is_recorded_once_an_hour(
    auditor: Caller, contract_a: ActiveContract
) -> None:
    event = record("probe.written", contract_id=contract_a.id)
    for second in range(3):
        types(auditor)
        types(auditor, f"since=2026-01-01T00:00:0{second}Z")
        types(auditor, "since=2020-01-01T00:00:00Z")
        types(auditor, "what=probe")
        types(auditor, f"contract={contract_a.slug}")
        auditor.get(f"{EVENTS}{event.pk}/")
    read = AuditEvent.objects.filter(event_type="audit.read").order_by("at", "id")
    here = {"contract": str(contract_a.id)}
    assert [(one.contract_id, one.data["narrowed_by"]) for one in read] == [
        (None, {}),
        (None, {"since": "2026-01-01 00:00:00+00:00"}),
        (None, {"since": "2020-01-01 00:00:00+00:00"}),
        (None, {"what": "probe"}),
        (contract_a.id, here),
        (contract_a.id, here),
    ]
    assert [one.data.get("event") for one in read] == [None] * 5 + [str(event.pk)]
    assert {one.actor_id for one in read} == {auditor.user.pk}
    assert all(one.data["token"] for one in read)


def test_nothing_is_read_that_was_not_recorded(
    auditor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object, **_named: object) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr("contracts.console.audit.exporting.record", away)
        assert_problem(auditor.get(EVENTS), 503, "unavailable")
    types(auditor)
    assert AuditEvent.objects.filter(event_type="audit.read").count() == 1


def test_the_trail_is_read_without_the_right_to_see_contracts(contract_a: ActiveContract) -> None:
    event = record("probe.written", contract_id=contract_a.id)
    reader = caller(StaffRole.AUDITOR, contract_a, rights=(StaffPermission.AUDIT_VIEW,))
    assert types(reader, f"contract={contract_a.slug}&what=probe") == ["probe.written"]
    assert reader.get(f"{EVENTS}{event.pk}/").status_code == 200


# --- Followed by who has nothing but the answers -------------------------------------------------

_COVERED = (
    "id",
    "at",
    "event_type",
    "result",
    "actor",
    "subject_type",
    "subject",
    "contract",
    "request_id",
    "remote_address",
)


def digest_after(before: bytes, event: dict[str, Any]) -> bytes:
    """Return the digest of an event's seal, as docs/howto/keep-audit-heads.md describes it."""
    at = datetime.fromisoformat(event["at"]).isoformat()
    texts = [str({**event, "at": at}[name]) for name in _COVERED]
    parts = [
        before,
        str(event["seal"]["position"]).encode(),
        *(text.encode() for text in texts),
        json.dumps(event["data"], sort_keys=True).encode(),
        bytes.fromhex(event["seal"]["mac"]),
        str(event["seal"]["transaction"]).encode(),
    ]
    return hashlib.sha256(b"".join(len(one).to_bytes(8, "big") + one for one in parts)).digest()


@pytest.mark.django_db(transaction=True)
def test_a_chain_is_followed_by_who_has_only_the_answers(
    auditor: Caller, contract_a: ActiveContract
) -> None:
    write(4, contract=contract_a.id)
    seal_all()
    waits = record("probe.written", contract_id=contract_a.id)
    answer = auditor.get(f"{EVENTS}?limit=200&contract={contract_a.slug}").json()["items"]
    assert [one["id"] for one in answer if one["seal"] is None] == [str(waits.pk)]
    sealed = (one for one in answer if one["seal"])
    chain = sorted(sealed, key=lambda one: int(one["seal"]["position"]))
    assert [one["seal"]["position"] for one in chain] == list(range(1, len(chain) + 1))
    assert {one["seal"]["chain"] for one in chain} == {str(contract_a.id)}
    own = auditor.get(f"{EVENTS}?limit=200&chain=deployment").json()["items"]
    assert {one["seal"]["chain"] for one in own if one["seal"]} == {"deployment"}
    before = bytes(32)
    for one in chain:
        before = digest_after(before, one)
        assert before.hex() == one["seal"]["digest"]
    assert auditor.get(f"{EVENTS}{chain[0]['id']}/").json() == chain[0]
    changed = {**chain[1], "data": {}}
    first = bytes.fromhex(chain[0]["seal"]["digest"])
    assert digest_after(first, changed).hex() != chain[1]["seal"]["digest"]


@pytest.mark.parametrize("query", ["who=me", "since=yesterday", "since=2026-11-23T10:00:00"])
def test_what_makes_no_sense_is_named(auditor: Caller, query: str) -> None:
    problem = assert_problem(auditor.get(f"{EVENTS}?{query}"), 400, "query_invalid")
    assert problem["errors"][0]["pointer"] == query.partition("=")[0]
