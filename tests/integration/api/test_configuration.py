"""Configuration by the API: plan, publish on an ETag, roll back, once per key."""

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest

from contracts.api.models import KeptAnswer
from contracts.api.resources import configuration
from contracts.console.models import PlannedPublication
from core.staff.models import ApiToken, StaffRole
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.context import ActiveContract
from tenants.models import Contract, ContractRevision
from tests.support.api import Caller, assert_problem, caller
from tests.support.naive import fails_with
from tests.support.publishing import publish_change
from tests.support.threads import at_once
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
PLANS, WV = "/plans/", "/contracts/wv-bh/"
CONFIGURATION = f"{WV}configuration/"
BY_FAX = [{"purpose": "Help", "fax": "304-555-0100"}]


def document(**fields: Any) -> dict[str, Any]:
    present = registry.get_contract("wv-bh").document
    return changed(present, **(fields or {"brand__product": "By the API"})).model_dump(mode="json")


def etag(who: Caller) -> str:
    return str(who.get(CONFIGURATION).headers["ETag"])


def wanted(**fields: Any) -> dict[str, Any]:
    return {"document": document(**fields), "reason": "Ticket 12"}


def test_a_plan_says_what_would_change() -> None:
    answer = caller().call("POST", PLANS, {"document": document()})
    plan = answer.json()
    assert answer.status_code == 200
    assert [change["field"] for change in plan["changes"]] == ["brand.product"]
    assert (plan["base"], plan["is_new"], plan["closed_gates"]) == (1, False, [])
    assert not PlannedPublication.objects.exists()


def test_a_document_that_cannot_be_read_names_its_fields() -> None:
    answer = caller().call("POST", PLANS, {"document": {"no": {"such": 1}}})
    problem = assert_problem(answer, 422, "document_invalid")
    assert "/document/no" in [error["pointer"] for error in problem["errors"]]


def test_a_document_is_published_on_its_etag() -> None:
    olive = caller()
    answer = olive.put(CONFIGURATION, wanted(), If_Match=etag(olive))
    assert answer.status_code == 202, answer.content
    made = answer.json()
    published = olive.get(answer.headers["Location"].removeprefix("/api/v1")).json()
    assert published["id"] == made["id"]
    assert (published["state"], published["revision"]) == ("published", 2)
    present = olive.get(CONFIGURATION).json()
    assert present["document"]["brand"]["product"] == "By the API"


def test_on_an_etag_of_the_past_nothing_is_done_and_the_present_is_told() -> None:
    olive = caller()
    old = etag(olive)
    publish_change("wv-bh", brand__product="Meanwhile")
    problem = assert_problem(
        olive.put(CONFIGURATION, wanted(), If_Match=old), 412, "changed_meanwhile"
    )
    assert problem["present"]["revision"] == 2
    assert problem["present"]["document"]["brand"]["product"] == "Meanwhile"
    assert problem["present"]["etag"] == etag(olive)
    assert not PlannedPublication.objects.exists()


def test_who_has_the_present_etag_reads_no_document_again() -> None:
    olive = caller()
    tag = etag(olive)
    same = olive.get(CONFIGURATION, If_None_Match=tag)
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    publish_change("wv-bh", brand__product="Meanwhile")
    assert olive.get(CONFIGURATION, If_None_Match=tag).status_code == 200


def test_one_of_several_etags_is_enough() -> None:
    olive = caller()
    answer = olive.put(CONFIGURATION, wanted(), If_Match=f'"7-abc", {etag(olive)}')
    assert answer.status_code == 202


@pytest.mark.parametrize("given", [{}, {"If_Match": "*"}])
def test_without_an_etag_nothing_is_done(given: dict[str, str]) -> None:
    assert_problem(caller().put(CONFIGURATION, wanted(), **given), 428, "precondition_missing")
    assert not PlannedPublication.objects.exists()


def test_a_document_of_another_contract_is_refused() -> None:
    olive = caller()
    body = {"document": {**document(), "contract": document()["contract"] | {"slug": "ms-um"}}}
    answer = olive.put(CONFIGURATION, {**body, "reason": "x"}, If_Match=etag(olive))
    problem = assert_problem(answer, 422, "document_invalid")
    assert problem["errors"][0]["pointer"] == "/document/contract/slug"


def test_a_closed_gate_is_named() -> None:
    olive = caller()
    body = wanted(support=BY_FAX)
    answer = olive.put(CONFIGURATION, body, If_Match=etag(olive))
    problem = assert_problem(answer, 409, "configuration_gates_closed")
    assert any("support" in error["pointer"] for error in problem["errors"])


def test_who_may_only_configure_asks_for_approval(contract_a: ActiveContract) -> None:
    admin = caller(StaffRole.CONTRACT_ADMIN, contract_a)
    answer = admin.put(CONFIGURATION, wanted(), If_Match=etag(admin))
    assert answer.status_code == 202, answer.content
    assert answer.json()["state"] == "asked"
    back = admin.post(f"{WV}publications/{answer.json()['id']}/withdraw/")
    assert back.json()["state"] == "withdrawn"


def test_a_token_without_the_right_to_publish_only_asks() -> None:
    olive = caller(rights=(StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_CONFIGURE))
    answer = olive.put(CONFIGURATION, wanted(), If_Match=etag(olive))
    assert answer.json()["state"] == "asked"
    assert PlannedPublication.objects.get().asked_by_token == ApiToken.objects.get().pk


def test_an_earlier_revision_is_published_again() -> None:
    publish_change("wv-bh", brand__product="Wrong")
    olive = caller()
    answer = olive.post(
        f"{WV}rollback/", {"revision": 1, "reason": "Wrong name"}, If_Match=etag(olive)
    )
    assert answer.status_code == 202, answer.content
    rows = olive.get(f"{WV}revisions/").json()["items"]
    assert [row["number"] for row in rows] == [3, 2, 1]
    assert rows[0]["digest"] == rows[2]["digest"]
    assert "Wrong name" in rows[0]["reason"]


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_a_contract_is_made() -> None:
    olive = caller()
    body = wanted(contract__slug="made-by-api")
    answer = olive.post("/contracts/", body)
    assert answer.status_code == 202, answer.content
    assert olive.get("/contracts/made-by-api/").json()["state"] == "ready"
    again = olive.post("/contracts/", body)
    assert_problem(again, 409, "contract_exists")


def test_who_makes_no_contracts_makes_none(contract_a: ActiveContract) -> None:
    admin = caller(StaffRole.CONTRACT_ADMIN, contract_a)
    answer = admin.post("/contracts/", wanted(contract__slug="made-by-api"))
    assert_problem(answer, 403, "right_missing")
    answer = admin.call("POST", PLANS, {"document": document(contract__slug="made-by-api")})
    assert_problem(answer, 404, "not_found")
    assert not Contract.objects.filter(slug="made-by-api").exists()


# --- Sent again ----------------------------------------------------------------------------------


def test_the_same_key_and_request_get_the_same_answer() -> None:
    olive = caller()
    tag, body = etag(olive), wanted()
    first = olive.put(CONFIGURATION, body, key="k1", If_Match=tag)
    again = olive.put(CONFIGURATION, body, key="k1", If_Match=tag)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ContractRevision.objects.filter(contract__slug="wv-bh").count() == 2


def test_the_same_key_with_another_body_is_refused() -> None:
    olive = caller()
    tag = etag(olive)
    olive.put(CONFIGURATION, wanted(brand__product="One"), key="k1", If_Match=tag)
    for tagged in (tag, etag(olive)):
        answer = olive.put(CONFIGURATION, wanted(brand__product="2"), key="k1", If_Match=tagged)
        assert_problem(answer, 422, "key_reused")
    assert ContractRevision.objects.filter(contract__slug="wv-bh").count() == 2


def test_a_write_without_a_key_is_refused() -> None:
    olive = caller()
    answer = olive.put(CONFIGURATION, wanted(), key="", If_Match=etag(olive))
    assert_problem(answer, 400, "key_missing")


def test_somebody_elses_key_is_another_key() -> None:
    olive, otto = caller(), caller(name="otto")
    olive.put(CONFIGURATION, wanted(brand__product="One"), key="k1", If_Match=etag(olive))
    answer = otto.put(CONFIGURATION, wanted(brand__product="2"), key="k1", If_Match=etag(otto))
    assert answer.status_code == 202


def test_what_was_refused_may_be_sent_again_with_its_key() -> None:
    olive = caller()
    answer = olive.put(CONFIGURATION, wanted(support=BY_FAX), key="k1", If_Match=etag(olive))
    assert answer.status_code == 409
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_eight_writers_with_one_etag_one_wins() -> None:
    callers = [caller(name=f"writer{place}") for place in range(8)]
    tag = etag(callers[0])

    def write(place: int) -> int:
        body = wanted(brand__product=f"Writer {place}")
        return int(callers[place].put(CONFIGURATION, body, If_Match=tag).status_code)

    codes = at_once(8, write)
    assert sorted(codes) == [202] + [412] * 7
    assert ContractRevision.objects.filter(contract__slug="wv-bh").count() == 2
    assert PlannedPublication.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_that_send_one_key_at_once_act_once() -> None:
    olive = caller()
    tag, body = etag(olive), wanted()

    def write(_place: int) -> tuple[int, str]:
        answer = olive.put(CONFIGURATION, body, key="k1", If_Match=tag)
        return answer.status_code, answer.json()["id"]

    answers = at_once(8, write)
    assert len(set(answers)) == 1
    assert answers[0][0] == 202
    assert PlannedPublication.objects.count() == 1


# --- Doubles: what these tests would see ---------------------------------------------------------


def test_a_write_that_is_carried_out_each_time_is_seen() -> None:
    """The naive way: the key is read, and nothing is kept."""
    fails_with(
        "contracts.api.door.answer_once",
        lambda *_given, act, **_more: act(),
        test_the_same_key_and_request_get_the_same_answer,
        where="assert (again.status_code, again.json()) == (202, first.json())",
    )


def test_a_precondition_that_is_not_compared_is_seen() -> None:
    """The naive way: any ETag will do."""
    fails_with(
        "contracts.api.resources.configuration.base_of",
        lambda _view, _contract: 2,
        test_on_an_etag_of_the_past_nothing_is_done_and_the_present_is_told,
        where="assert answer.status_code == status",
    )


def gates_told(who: Caller, **fields: Any) -> str:
    """Return the sentences of the gates that a document closes."""
    plan = who.call("POST", PLANS, {"document": document(**fields)}).json()
    return " ".join(gate["message"] for gate in plan["closed_gates"])


def test_a_gate_names_another_contract_to_who_sees_it_alone(
    contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    """That a host or a sender is taken may be said; by whom only within one's scope."""
    admin, operator = caller(StaffRole.CONTRACT_ADMIN, contract_a, name="ada"), caller()
    narrow = caller(name="nina", only=(contract_a,))
    host, sender = str(contract_c.document.hosts.primary), "help@um.example"
    publish_change(contract_c.slug, brand__sender_address=sender)
    for fields in ({"hosts__primary": host}, {"brand__sender_address": sender}):
        told = gates_told(admin, **fields)
        assert told == gates_told(narrow, **fields)
        assert "another program" in told, "that it is taken is told"
        assert contract_c.slug not in told.replace(host, ""), "by whom is not"
        assert f"It is the contract {contract_c.slug}." in gates_told(operator, **fields)
    refused = admin.put(CONFIGURATION, wanted(hosts__primary=host), If_Match=etag(admin))
    problem = assert_problem(refused, 409, "configuration_gates_closed")
    assert "It is" not in problem["errors"][0]["detail"]


def test_gates_that_name_whatever_contract_are_seen(
    contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    fails_with(
        "contracts.api.resources.configuration.plan_for",
        lambda _staff, plan: replace(plan, failures=tuple(one.named() for one in plan.failures)),
        lambda: test_a_gate_names_another_contract_to_who_sees_it_alone(contract_a, contract_c),
        where="by whom is not",
    )


def test_who_makes_a_contract_a_moment_later_is_told_that_it_exists_and_no_more(
    contract_c: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    olive = caller(rights=(StaffPermission.CONTRACTS_PROVISION, StaffPermission.CONTRACTS_PUBLISH))
    body = {"document": contract_c.document.model_dump(mode="json"), "reason": "New"}
    monkeypatch.setattr(configuration, "find_contract", lambda _slug: None)  # not yet, when asked
    problem = assert_problem(olive.post("/contracts/", body), 409, "contract_exists")
    assert "present" not in problem


def test_what_is_in_force_already_is_not_taken_back() -> None:
    """Between the answer and the worker it still waits, for what follows from it."""
    olive = caller()
    with mock.patch.object(configuration, "tell_workers"):  # they are slow today
        made = olive.put(CONFIGURATION, wanted(), If_Match=etag(olive)).json()
    back = olive.post(f"{WV}publications/{made['id']}/withdraw/")
    assert_problem(back, 409, "publication_decided")
    assert PlannedPublication.objects.get().state == "waiting"


def test_a_withdrawal_sent_again_gets_its_answer_again(contract_a: ActiveContract) -> None:
    admin = caller(StaffRole.CONTRACT_ADMIN, contract_a)
    made = admin.put(CONFIGURATION, wanted(), If_Match=etag(admin)).json()
    first, again = (
        admin.post(f"{WV}publications/{made['id']}/withdraw/", key="k") for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
