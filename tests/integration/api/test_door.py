"""What every call goes through: tokens, rights, scope, limits, strict bodies, problems."""

import pytest
from django.db import OperationalError
from django.test import Client

from contracts.api import limits
from core.audit.models import AuditEvent
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract
from tenants.models import Contract
from tests.support.api import ROOT, Caller, assert_problem, caller
from tests.support.naive import fails_with
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
VIEW = StaffPermission.CONTRACTS_VIEW
CONFIGURATION = "/contracts/wv-bh/configuration/"


def test_a_token_reads_what_its_holder_reads() -> None:
    answer = caller().get("/contracts/wv-bh/")
    assert answer.status_code == 200
    assert answer.json()["slug"] == "wv-bh"
    assert answer.headers["API-Version"] == "1"
    assert answer.headers["RateLimit-Remaining"] == str(limits.CALLS_A_MINUTE - 1)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "token_missing"),
        ("Basic b2xpdmU6b2xpdmU=", "token_missing"),
        ("Bearer", "token_missing"),
        ("Bearer ppt_" + "A" * 43, "token_invalid"),
        ("Bearer \x00", "token_invalid"),
    ],
)
def test_without_a_good_token_it_is_401(header: str, code: str) -> None:
    answer = Client().get(f"{ROOT}/contracts/", headers={"Authorization": header})
    assert_problem(answer, 401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_of_staff_is_no_token() -> None:
    answer = staff_client(StaffRole.OPERATOR).get(f"{ROOT}/contracts/")
    assert_problem(answer, 401, "token_missing")


def test_a_right_that_the_token_lacks_is_named() -> None:
    answer = caller(rights=(StaffPermission.ROSTER_VIEW,)).get("/contracts/")
    assert assert_problem(answer, 403, "right_missing")["right"] == "contracts.view"


def test_what_is_out_of_scope_is_as_if_it_did_not_exist(contract_a: ActiveContract) -> None:
    admin = caller(StaffRole.CONTRACT_ADMIN, contract_a)
    assert admin.get("/contracts/wv-bh/").status_code == 200
    foreign = assert_problem(admin.get("/contracts/ms-um/"), 404, "not_found")
    missing = assert_problem(admin.get("/contracts/no-such/"), 404, "not_found")
    del foreign["request_id"], missing["request_id"]
    assert foreign == missing
    refused = AuditEvent.objects.filter(event_type="access.refused", actor_id=admin.user.pk)
    assert {event.data["page"] for event in refused} == {"api:contract"}


def test_a_token_of_one_contract_reaches_no_other(contract_a: ActiveContract) -> None:
    one = caller(only=(contract_a,))
    assert [row["slug"] for row in one.get("/contracts/").json()["items"]] == ["wv-bh"]
    assert_problem(one.get("/contracts/ms-um/"), 404, "not_found")


def test_on_a_contracts_own_address_there_is_no_api() -> None:
    token = caller().token
    answer = Client().get("/wv-bh/api/v1/contracts/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


def test_too_many_calls_are_told_when_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLS_A_MINUTE", 2)
    olive = caller()
    codes = [olive.get("/token/").status_code for _ in range(3)]
    assert codes[0] == 200
    answer = olive.get("/token/")
    problem = assert_problem(answer, 429, "too_many_calls")
    assert answer.headers["Retry-After"] == answer.headers["RateLimit-Reset"]
    assert answer.headers["Retry-After"] in problem["detail"]


def test_an_address_that_tries_tokens_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REFUSED_A_MINUTE", 2)
    nobody = Caller("ppt_" + "A" * 43, caller().user)
    codes = [nobody.get("/token/").status_code for _ in range(5)]
    assert codes[0] == 401
    assert codes[-1] == 429


def test_a_method_that_is_not_offered_is_named() -> None:
    answer = caller().call("DELETE", "/contracts/wv-bh/")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"


def test_the_first_address_leads_to_the_reference() -> None:
    answer = Client().get(f"{ROOT}/")
    assert (answer.json()["version"], answer.headers["API-Version"]) == ("1", "1")
    assert answer.json()["reference"].endswith("/api/v1/docs/")
    for name in ("reference", "openapi"):
        assert Client().get(answer.json()[name]).status_code == 200
    assert Client().get(f"/wv-bh{ROOT}/").status_code == 404


def test_an_address_that_there_is_not_is_a_problem() -> None:
    assert_problem(caller().get("/nothing/here/"), 404, "not_found")


def test_html_is_not_given() -> None:
    assert_problem(caller().get("/contracts/", Accept="text/html"), 406, "not_acceptable")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=٣", "colour=red", "limit=5&limit=6", "state=%00"],
)
def test_a_query_that_makes_no_sense_is_named(query: str) -> None:
    problem = assert_problem(caller().get(f"/contracts/?{query}"), 400, "query_invalid")
    assert problem["errors"][0]["pointer"] == query.partition("=")[0]


@pytest.mark.parametrize("path", ["/token/", "/contracts/wv-bh/", "/contracts/wv-bh/revisions/1/"])
def test_a_detail_has_no_parameters(path: str) -> None:
    problem = assert_problem(caller().get(f"{path}?limit=5"), 400, "query_invalid")
    assert problem["errors"][0]["pointer"] == "limit"


def test_a_write_with_a_parameter_that_it_does_not_know_is_not_done() -> None:
    answer = caller(StaffRole.OPERATOR).post("/webhooks/?dry_run=1", {})
    assert_problem(answer, 400, "query_invalid")


def test_a_list_is_read_to_its_end_by_cursors() -> None:
    olive = caller()
    whole = [row["slug"] for row in olive.get("/contracts/").json()["items"]]
    seen, cursor = [], ""
    while True:
        page = olive.get(f"/contracts/?limit=1&cursor={cursor}").json()
        seen += [row["slug"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole
    assert len(whole) > 2


def test_a_cursor_goes_with_its_own_query() -> None:
    olive = caller()
    cursor = olive.get("/contracts/?limit=1").json()["next"]
    other = olive.get(f"/contracts/?limit=1&state=ready&cursor={cursor}")
    assert_problem(other, 422, "cursor_invalid")
    assert_problem(olive.get(f"/contracts/?cursor={cursor[:-4]}AAAA"), 422, "cursor_invalid")
    assert_problem(olive.get("/contracts/?cursor=%F0%9F%98%80"), 422, "cursor_invalid")


BAD_BODIES = {
    "no JSON": b"{",
    "not UTF-8": b'{"document": "\xff"}',
    "too deep": b"[" * 40 + b"]" * 40,
    "much too deep": b"[" * 100_000,
    "a field twice": b'{"document": {}, "document": {}}',
    "NaN": b'{"document": {"a": NaN}}',
    "infinite": b'{"document": {"a": 1e999}}',
    "a huge number": b'{"document": {"a": ' + b"9" * 5000 + b"}}",
    "NUL": b'{"document": {"a": "\\u0000"}}',
    "half a character": b'{"document": {"a": "\\ud800"}}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_no_good_json_is_refused(body: bytes) -> None:
    assert_problem(caller().call("POST", "/plans/", body), 400, "body_not_json")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/document"),
        ({"document": []}, "/document"),
        ({"document": {}, "colour": 1}, "/colour"),
        ([], ""),
        ("text", ""),
    ],
)
def test_a_body_that_does_not_fit_names_its_fields(body: object, pointer: str) -> None:
    problem = assert_problem(caller().call("POST", "/plans/", body), 400, "body_invalid")
    assert pointer in [error["pointer"] for error in problem["errors"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_program_is_led_to_another_address(method: str) -> None:
    """It would follow a redirection by GET, and leave its body behind."""
    problem = assert_problem(caller().call(method, "/contracts", {}), 404, "not_found")
    assert "end in a slash" in problem["detail"]


def test_another_content_type_is_refused() -> None:
    olive = caller()
    answer = olive.client.post(
        f"{ROOT}/plans/", {"document": "x"}, headers={"Authorization": f"Bearer {olive.token}"}
    )
    assert_problem(answer, 415, "content_type")


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Transfer-Encoding", "chunked", 411, "length_needed"),
        ("Content-Encoding", "gzip", 415, "content_type"),
    ],
)
def test_a_body_in_another_wrapping_is_refused_by_name(
    header: str, value: str, status: int, code: str
) -> None:
    answer = caller().call("POST", "/plans/", {"document": {}}, headers={header: value})
    assert_problem(answer, status, code)


@pytest.mark.parametrize("size", [1_000_001, 5_000_000])
def test_a_body_that_is_too_large_is_refused(size: int) -> None:
    body = b'{"document": "' + b"x" * size + b'"}'
    assert_problem(caller().call("POST", "/plans/", body), 413, "body_too_large")


def test_a_database_that_is_away_is_a_problem_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_given: object, **_named: object) -> None:
        raise OperationalError("deadlock detected")

    olive = caller()
    monkeypatch.setattr("contracts.api.door.find_bearer", away)
    answer = olive.get("/contracts/")
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert "deadlock detected" in caplog.text


def test_a_problem_leads_to_its_code_in_the_reference() -> None:
    problem = assert_problem(caller().get("/nowhere/"), 404, "not_found")
    assert problem["type"] == "/api/v1/docs/#not_found"


def test_acts_are_recorded_with_the_token() -> None:
    olive = caller()
    olive.get("/contracts/no-such/")
    event = AuditEvent.objects.get(event_type="access.refused")
    assert event.data["token"]
    assert event.actor_id == olive.user.pk


def test_a_door_that_finds_what_is_out_of_scope_is_seen(contract_a: ActiveContract) -> None:
    """The naive way: a good token reads whatever is named."""
    fails_with(
        "contracts.api.resources.contracts.access_contract",
        lambda _staff, slug: Contract.objects.select_related("revision").get(slug=slug),
        lambda: test_what_is_out_of_scope_is_as_if_it_did_not_exist(contract_a),
        where="assert answer.status_code == status",
    )
