"""Roster files by the API: sent by chunks, checked, swapped in; and whatever goes wrong."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.api.resources import upload_shapes
from contracts.roster.models import RosterUpload, UploadPart
from contracts.roster.selectors import list_entries
from contracts.roster.services import uploads as services
from contracts.roster.tasks import work_on_upload
from contracts.roster.uploads import files
from contracts.roster.uploads.states import UploadState
from core.audit.models import AuditEvent
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract, contract_context
from tests.integration.api.rosters import csv_of
from tests.integration.roster.conftest import CLINIC, NO_CODE, NO_NPI
from tests.support.api import Caller, assert_problem, caller
from tests.support.publishing import suspend
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
UPLOADS = "/contracts/wv-bh/roster/uploads/"
FILE = csv_of([CLINIC, NO_NPI, NO_CODE])
MOST_STATEMENTS = 6
SMALL = 64


@pytest.fixture
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make files of some hundred bytes have several pieces."""
    for module in (files, services, upload_shapes):
        monkeypatch.setattr(module, "PART_BYTES", SMALL)


def begin(who: Caller, content: bytes = FILE, **more: object) -> str:
    body = {"file_name": "june.csv", "size": len(content), **more}
    answer = who.post(UPLOADS, body)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["offset"], answer.json()["state"]) == (0, "receiving")
    return str(answer.headers["Location"].removeprefix("/api/v1"))


def send(who: Caller, at: str, chunk: bytes, offset: object = 0, **more: Any) -> Any:
    given = {"content_type": "application/octet-stream", **more}
    headers = {"Upload-Offset": str(offset), "Content-Type": given["content_type"]}
    return who.call("PATCH", f"{at}content/", chunk, headers=headers, **given)


def sent(who: Caller, content: bytes = FILE, **more: object) -> str:
    """Send a whole file; a worker checks it at once."""
    at = begin(who, content, **more)
    assert send(who, at, content).status_code == 200
    return at


def wanted(who: Caller, at: str, **more: object) -> dict[str, object]:
    facts = who.get(at).json()
    shown = {name: facts[name] for name in ("added", "changed", "removed")}
    return {**shown, "reason": "The list of June", "many_may_leave": True, **more}


def names(contract: ActiveContract) -> list[str]:
    with contract_context(contract):
        return list(list_entries().values_list("name", flat=True))


def test_a_file_is_sent_checked_and_swapped_in(contract_a: ActiveContract) -> None:
    olive, before = caller(), names(contract_a)
    at = sent(olive, sha256=hashlib.sha256(FILE).hexdigest())
    facts = olive.get(at).json()
    assert (facts["state"], facts["rows"], facts["offset"]) == ("ready", 3, None)
    assert (facts["percent"], facts["many_leave"]) == (100, True)
    assert names(contract_a) == before
    answer = olive.post(f"{at}swap/", wanted(olive, at))
    assert answer.status_code == 202, answer.content
    facts = olive.get(at).json()
    assert (facts["state"], facts["reason"]) == ("applied", "The list of June")
    assert (facts["percent"], facts["many_leave"]) == (100, True)
    assert names(contract_a) == ["Cedar Hollow Clinic", "Fern Gap House", "Rowan Hill Services"]
    event = AuditEvent.objects.get(event_type="roster_upload.confirmed")
    assert event.actor_id == olive.user.pk
    assert event.data["token"]
    assert [one["id"] for one in olive.get(UPLOADS).json()["items"]] == [facts["id"]]


@pytest.mark.usefixtures("_small_pieces")
def test_chunks_go_on_where_the_file_stands() -> None:
    olive = caller()
    at = begin(olive)
    assert send(olive, at, FILE[: 2 * SMALL]).json()["offset"] == 2 * SMALL
    assert olive.get(at).json()["offset"] == 2 * SMALL
    problem = assert_problem(send(olive, at, FILE[:SMALL], 3 * SMALL), 409, "upload_offset")
    assert problem["offset"] == 2 * SMALL
    again = send(olive, at, FILE[: 2 * SMALL])
    assert (again.status_code, again.json()["offset"]) == (200, 2 * SMALL)
    last = FILE[2 * SMALL :]
    assert send(olive, at, last, 2 * SMALL).json()["state"] == "checking"
    assert olive.get(at).json()["state"] == "ready"
    lost = send(olive, at, last, 2 * SMALL)
    assert (lost.status_code, lost.json()["state"]) == (200, "ready")


@pytest.mark.usefixtures("_small_pieces")
def test_another_chunk_where_one_is_there_already_is_refused() -> None:
    olive = caller()
    at = begin(olive)
    send(olive, at, FILE[:SMALL])
    assert_problem(send(olive, at, b"x" * SMALL), 409, "upload_offset")


@pytest.mark.usefixtures("_small_pieces")
@pytest.mark.parametrize(
    ("chunk", "said"),
    [(FILE[: SMALL - 1], "a multiple of"), (FILE + b"x", "begun with"), (b"", "is empty")],
    ids=["broken piece", "too much", "nothing"],
)
def test_what_is_no_chunk_of_the_file_is_refused(
    contract_a: ActiveContract, chunk: bytes, said: str
) -> None:
    olive = caller()
    at = begin(olive)
    problem = assert_problem(send(olive, at, chunk), 422, "chunk_size")
    assert said in problem["detail"]
    assert (problem["chunk_unit"], problem["size"]) == (SMALL, len(FILE))
    assert olive.get(at).json()["offset"] == 0
    with contract_context(contract_a):
        assert not UploadPart.objects.exists()


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.0", "٣", "9" * 30])
def test_an_offset_that_is_none_is_refused(offset: str) -> None:
    olive = caller()
    at = begin(olive)
    assert_problem(send(olive, at, FILE, offset), 400, "query_invalid")


def test_other_types_and_large_bodies_are_refused() -> None:
    olive = caller()
    at = begin(olive)
    for kind in ("application/json", "text/csv", "multipart/form-data; boundary=x"):
        assert_problem(send(olive, at, FILE, content_type=kind), 415, "content_type")
    for size in (upload_shapes.LARGEST_CHUNK + 1, 50_000_000):
        assert_problem(send(olive, at, b"x" * size), 413, "body_too_large")
    assert olive.get(at).json()["offset"] == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"file_name": "a.csv", "size": 0}, 400, "body_invalid"),
        ({"file_name": "", "size": 1}, 400, "body_invalid"),
        ({"file_name": "a.csv", "size": 1, "sha256": "x"}, 400, "body_invalid"),
        ({"file_name": "a.csv", "size": 500_000_001}, 409, "roster_upload_refused"),
    ],
)
def test_a_file_that_cannot_be_taken_is_not_begun(
    contract_a: ActiveContract, body: object, status: int, code: str
) -> None:
    assert_problem(caller().post(UPLOADS, body), status, code)
    with contract_context(contract_a):
        assert not RosterUpload.objects.exists()


def test_one_file_at_a_time_and_once_per_key() -> None:
    olive, body = caller(), {"file_name": "a.csv", "size": 10}
    first = olive.post(UPLOADS, body, key="k1")
    again = olive.post(UPLOADS, body, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    other = olive.post(UPLOADS, body)
    assert_problem(other, 409, "roster_upload_open")
    assert other.json()["upload"] == first.json()["id"]


@pytest.mark.parametrize(("field", "value"), [("many_may_leave", "yes"), ("added", "3")])
def test_no_text_is_taken_for_a_number_or_for_yes(field: str, value: str) -> None:
    olive = caller()
    at = sent(olive)
    answer = olive.post(f"{at}swap/", wanted(olive, at, **{field: value}))
    assert assert_problem(answer, 400, "body_invalid")["errors"][0]["pointer"] == f"/{field}"
    assert olive.get(at).json()["state"] == "ready"


def test_a_file_with_another_checksum_is_refused(contract_a: ActiveContract) -> None:
    olive, before = caller(), names(contract_a)
    at = sent(olive, sha256="0" * 64)
    facts = olive.get(at).json()
    assert facts["state"] == "refused"
    assert "SHA-256" in facts["problem"]
    assert facts["sha256"] == hashlib.sha256(FILE).hexdigest()
    assert names(contract_a) == before


def test_the_template_is_a_file_that_can_be_taken(contract_a: ActiveContract) -> None:
    who = caller()
    for kind in ("text/csv", "*/*", "application/json"):
        answer = who.get("/contracts/wv-bh/roster/template/", Accept=kind)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert who.get(sent(who, answer.content)).json()["state"] == "ready"
    assert_problem(
        who.get("/contracts/wv-bh/roster/template/", Accept="text/html"), 406, "not_acceptable"
    )


def test_rejections_are_paged() -> None:
    olive = caller()
    bad = csv_of([CLINIC | {"zip": "no"}, NO_CODE | {"zip": "none"}])
    at = sent(olive, bad)
    facts = olive.get(at).json()
    assert (facts["state"], facts["percent"]) == ("refused", 100)
    first = olive.get(f"{at}rejections/?limit=1").json()
    rest = olive.get(f"{at}rejections/?limit=1&cursor={first['next']}").json()
    rows = [(one["row"], one["column"]) for one in [*first["items"], *rest["items"]]]
    assert rows == [(2, "zip"), (3, "zip")]
    other = begin(olive)
    wrong = olive.get(f"{other}rejections/?limit=1&cursor={first['next']}")
    assert_problem(wrong, 422, "cursor_invalid")


def test_changes_are_paged_and_keep_secrets() -> None:
    olive = caller()
    at = sent(olive)
    olive.post(f"{at}swap/", wanted(olive, at))
    moved = CLINIC | {"city": "Elkins", "code": "0099999999"}
    at = sent(olive, csv_of([moved, NO_NPI]))
    answer = olive.get(f"{at}changes/?kind=changed")
    (change,) = answer.json()["items"]
    fields = {field["column"]: (field["before"], field["after"]) for field in change["fields"]}
    assert fields == {"city": ("Cedar Hollow", "Elkins"), "code": (None, None)}
    assert moved["code"] not in answer.content.decode()
    first = olive.get(f"{at}changes/?limit=1").json()
    rest = olive.get(f"{at}changes/?limit=1&cursor={first['next']}").json()
    kinds = {one["kind"] for one in [*first["items"], *rest["items"]]}
    assert (kinds, rest["next"]) == ({"changed", "removed"}, None)
    assert_problem(olive.get(f"{at}changes/?kind=lost"), 400, "query_invalid")


def test_many_that_leave_are_meant(contract_a: ActiveContract) -> None:
    olive, before = caller(), names(contract_a)
    at = sent(olive)
    problem = assert_problem(
        olive.post(f"{at}swap/", wanted(olive, at, many_may_leave=False)), 409, "many_leave"
    )
    assert problem["errors"][0]["pointer"] == "/many_may_leave"
    assert olive.get(at).json()["state"] == "ready"
    assert not AuditEvent.objects.filter(event_type="roster_upload.confirmed").exists()
    assert names(contract_a) == before


def test_another_difference_than_was_seen_is_not_swapped_in(contract_a: ActiveContract) -> None:
    olive = caller()
    at = sent(olive)
    answer = olive.post(f"{at}swap/", wanted(olive, at, removed=0))
    problem = assert_problem(answer, 409, "roster_upload_differs")
    shown = {name: problem[name] for name in ("added", "changed", "removed")}
    assert shown == {name: wanted(olive, at)[name] for name in shown}
    for reason in ("", "  ", "x" * 251):
        answer = olive.post(f"{at}swap/", wanted(olive, at, reason=reason))
        assert_problem(answer, 400, "body_invalid")
    assert olive.get(at).json()["state"] == "ready"


def test_what_is_still_being_sent_is_not_swapped_in() -> None:
    olive = caller()
    at = begin(olive)
    answer = olive.post(f"{at}swap/", wanted(olive, at))
    problem = assert_problem(answer, 409, "roster_upload_state")
    assert (problem["state"], "still being sent" in problem["detail"]) == ("receiving", True)


def test_what_was_cancelled_meanwhile_is_over(contract_a: ActiveContract) -> None:
    olive, before = caller(), names(contract_a)
    at = begin(olive)
    assert olive.post(f"{at}cancel/").json()["state"] == "cancelled"
    for answer in (
        send(olive, at, FILE),
        olive.post(f"{at}swap/", wanted(olive, at)),
        olive.post(f"{at}cancel/"),
    ):
        problem = assert_problem(answer, 409, "roster_upload_state")
        assert (problem["state"], "was cancelled" in problem["detail"]) == ("cancelled", True)
    assert names(contract_a) == before


def test_rights_and_scope(contract_b: ActiveContract) -> None:
    olive = caller()
    at = sent(olive)
    calls: list[Callable[[Caller], Any]] = [
        lambda who: who.post(UPLOADS, {"file_name": "a.csv", "size": 1}),
        lambda who: send(who, at, FILE),
        lambda who: who.post(f"{at}swap/", wanted(olive, at)),
        lambda who: who.post(f"{at}cancel/"),
    ]
    reads = [UPLOADS, at, f"{at}rejections/", f"{at}changes/"]
    foreign = caller(StaffRole.CONTRACT_ADMIN, contract_b, name="foreign")
    auditor = caller(StaffRole.AUDITOR, name="auditor")
    blind = caller(name="blind", rights=(StaffPermission.CONTRACTS_VIEW,))
    for call in calls:
        assert_problem(call(foreign), 404, "not_found")
        assert_problem(call(auditor), 403, "right_missing")
    for path in reads:
        assert_problem(foreign.get(path), 404, "not_found")
        assert_problem(blind.get(path), 403, "right_missing")
        assert auditor.get(path).status_code == 200
    other = at.replace("wv-bh", contract_b.slug)
    for path in (other, f"{other}rejections/", f"{other}changes/"):
        assert_problem(olive.get(path), 404, "not_found")
    for path in (other, f"{UPLOADS}{uuid4()}/"):
        assert_problem(send(olive, path, FILE), 404, "not_found")
        assert_problem(olive.post(f"{path}cancel/"), 404, "not_found")
        assert_problem(olive.post(f"{path}swap/", wanted(olive, at)), 404, "not_found")
    assert olive.get(at).json()["state"] == "ready"


def test_a_suspended_contract_takes_no_file(contract_a: ActiveContract) -> None:
    olive = caller()
    at = begin(olive)
    suspend(contract_a.slug)
    assert_problem(send(olive, at, FILE), 409, "conflict")
    assert_problem(olive.post(f"{at}cancel/"), 409, "conflict")


def test_few_statements() -> None:
    olive = caller()
    at = sent(olive)
    olive.post(f"{at}cancel/")
    open_one = begin(olive)
    for path in (UPLOADS, at, open_one, f"{at}rejections/", f"{at}changes/"):
        with CaptureQueriesContext(connection) as made:
            assert olive.get(path).status_code == 200
        assert len(made) <= MOST_STATEMENTS, [one["sql"] for one in made.captured_queries]


# --- At one moment -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_small_pieces")
def test_of_two_chunks_at_one_offset_one_wins(contract_a: ActiveContract) -> None:
    callers = [caller(name=f"sender{place}") for place in range(4)]
    at = begin(callers[0])
    chunks = [bytes([97 + place]) * SMALL for place in range(4)]
    codes = at_once(4, lambda place: send(callers[place], at, chunks[place]).status_code)
    assert sorted(codes) == [200, 409, 409, 409]
    assert callers[0].get(at).json()["offset"] == SMALL
    with contract_context(contract_a):
        part = UploadPart.objects.get()
    assert part.digest == hashlib.sha256(chunks[codes.index(200)]).hexdigest()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_small_pieces")
def test_the_same_chunk_many_times_at_once_is_stored_once(contract_a: ActiveContract) -> None:
    olive = caller()
    at = begin(olive)
    answers = at_once(4, lambda _: send(olive, at, FILE[: 2 * SMALL]))
    assert {(one.status_code, one.json()["offset"]) for one in answers} == {(200, 2 * SMALL)}
    with contract_context(contract_a):
        assert UploadPart.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_swaps_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    callers = [caller(name=f"swapper{place}") for place in range(2)]
    at = sent(callers[0])
    body = wanted(callers[0], at)
    monkeypatch.setattr(work_on_upload, "delay", lambda *_: None)
    codes = at_once(2, lambda place: callers[place].post(f"{at}swap/", body).status_code)
    assert sorted(codes) == [202, 409]
    assert AuditEvent.objects.filter(event_type="roster_upload.confirmed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_swap_and_cancel_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    callers = [caller(name=f"either{place}") for place in range(2)]
    at = sent(callers[0])
    body = wanted(callers[0], at)
    monkeypatch.setattr(work_on_upload, "delay", lambda *_: None)

    def act(place: int) -> int:
        path, given = (f"{at}swap/", body) if place else (f"{at}cancel/", None)
        return int(callers[place].post(path, given).status_code)

    cancelled, swapped = at_once(2, act)
    assert (cancelled, swapped) in {(200, 409), (409, 202)}
    state = callers[0].get(at).json()["state"]
    assert state == (UploadState.CANCELLED if cancelled == 200 else UploadState.SWAPPING)
