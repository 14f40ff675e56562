"""Roster entries by the API: found, paged, read, and nothing secret among it."""

from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.roster.models import RosterEntry
from contracts.roster.services.codes import issue_codes
from core.common import clock
from core.groups.models import Provider
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.integration.api.rosters import fill
from tests.integration.roster.conftest import CLINIC, LOCATION, NO_CODE, NO_NPI
from tests.support.api import assert_problem, caller
from tests.support.people import make_provider
from tests.support.publishing import suspend

pytestmark = pytest.mark.django_db
ENTRIES = "/contracts/wv-bh/roster/entries/"
MOST_STATEMENTS = 6


@pytest.fixture
def roster(contract_a: ActiveContract, tmp_path: Path) -> ActiveContract:
    fill(contract_a, tmp_path, [CLINIC, NO_NPI, NO_CODE])
    return contract_a


def entry_of(contract: ActiveContract, name: str) -> RosterEntry:
    with contract_context(contract):
        return RosterEntry.objects.get(name=name)


def test_entries_are_listed_by_name_without_their_numbers(roster: ActiveContract) -> None:
    answer = caller(StaffRole.AUDITOR).get(ENTRIES)
    items = answer.json()["items"]
    names = [item["name"] for item in items]
    assert names == ["Cedar Hollow Clinic", "Fern Gap House", "Rowan Hill Services"]
    assert items[0]["identifier"] == CLINIC["identifier"]
    assert items[0]["standing"] == "never"
    assert CLINIC["code"] not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=fern", ["Fern Gap House"]),
        (f"q={CLINIC['identifier']}", ["Cedar Hollow Clinic"]),
        ("q=nothing", []),
        ("standing=registered", []),
        ("city=cedar%20hollow&q=row", ["Rowan Hill Services"]),
    ],
)
def test_entries_are_narrowed(roster: ActiveContract, query: str, found: list[str]) -> None:
    items = caller().get(f"{ENTRIES}?{query}").json()["items"]
    assert [item["name"] for item in items] == found


def test_entries_taken_off_are_listed_apart(roster: ActiveContract, tmp_path: Path) -> None:
    fill(roster, tmp_path, [CLINIC])
    items = caller().get(f"{ENTRIES}?removed=true&q=fern%20gap%20house").json()["items"]
    assert [item["name"] for item in items] == ["Fern Gap House"]
    assert items[0]["removed_at"]


def test_a_list_is_read_to_its_end_by_cursors(roster: ActiveContract) -> None:
    olive = caller()
    seen, address = [], f"{ENTRIES}?limit=1"
    while address:
        page = olive.get(address).json()
        seen += [row["name"] for row in page["items"]]
        address = f"{ENTRIES}?limit=1&cursor={page['next']}" if page["next"] else ""
    assert seen == ["Cedar Hollow Clinic", "Fern Gap House", "Rowan Hill Services"]


def test_a_name_of_long_signs_makes_a_cursor(contract_a: ActiveContract, tmp_path: Path) -> None:
    name = "\U0001f3e5" * 200
    fill(contract_a, tmp_path, [CLINIC | {"name": name}, NO_NPI | {"name": name}])
    olive = caller()
    cursor = olive.get(f"{ENTRIES}?limit=1").json()["next"]
    page = olive.get(f"{ENTRIES}?limit=1&cursor={quote(cursor)}").json()
    assert ([one["name"] for one in page["items"]], page["next"]) == ([name], None)


def test_a_cursor_goes_with_its_own_query(roster: ActiveContract) -> None:
    olive = caller()
    cursor = olive.get(f"{ENTRIES}?limit=1").json()["next"]
    other = f"{ENTRIES}?limit=1&standing=never&cursor={cursor}"
    assert_problem(olive.get(other), 422, "cursor_invalid")
    revisions = olive.get("/contracts/?limit=1").json()["next"]
    assert_problem(olive.get(f"{ENTRIES}?cursor={revisions}"), 422, "cursor_invalid")


@pytest.mark.parametrize(
    "query", ["standing=lost", "removed=1", f"q={'x' * 101}", "code=", "colour=red"]
)
def test_a_query_that_makes_no_sense_is_named(roster: ActiveContract, query: str) -> None:
    problem = assert_problem(caller().get(f"{ENTRIES}?{query}"), 400, "query_invalid")
    assert problem["errors"][0]["pointer"] == query.partition("=")[0]


def test_an_entry_is_read_with_what_became_of_its_codes(
    contract_b: ActiveContract, tmp_path: Path
) -> None:
    fill(contract_b, tmp_path, [LOCATION | {"code": ""}])
    found = entry_of(contract_b, LOCATION["name"])
    with contract_context(contract_b):
        (code,) = issue_codes(entries=[found], by=None, at=clock.now())
    answer = caller().get(f"/contracts/{contract_b.slug}/roster/entries/{found.id}/")
    facts = answer.json()
    assert (facts["name"], facts["address_1"]) == (LOCATION["name"], LOCATION["address_1"])
    assert [one["state"] for one in facts["codes"]] == ["works"]
    assert code.code not in answer.content.decode()
    assert not {"code", "digest", "fingerprint", "unit_key"} & {*facts, *facts["codes"][0]}


def test_an_entry_is_read_with_its_providers(roster: ActiveContract) -> None:
    found = entry_of(roster, "Fern Gap House")
    provider = make_provider(caller().user, roster, name="Fern Gap")
    Provider.objects.filter(pk=provider.pk).update(roster_entry_id=found.id)
    facts = caller(name="otto").get(f"{ENTRIES}{found.id}/").json()
    assert facts["standing"] == "registered"
    (one,) = facts["providers"]
    assert (one["id"], one["group"]) == (str(provider.id), str(provider.group_id))
    assert facts["codes"] == []


def test_ids_of_another_contract_are_as_if_they_did_not_exist(
    roster: ActiveContract, contract_b: ActiveContract
) -> None:
    olive, found = caller(), entry_of(roster, "Fern Gap House")
    foreign = f"/contracts/{contract_b.slug}/roster/entries/{found.id}/"
    assert_problem(olive.get(foreign), 404, "not_found")
    assert_problem(olive.get(f"{ENTRIES}{uuid4()}/"), 404, "not_found")
    assert olive.get(f"{ENTRIES}{found.id}/").status_code == 200


def test_rights_and_scope(roster: ActiveContract, contract_b: ActiveContract) -> None:
    admin = caller(StaffRole.CONTRACT_ADMIN, contract_b)
    assert_problem(admin.get(ENTRIES), 404, "not_found")
    blind = caller(name="blind", rights=(StaffPermission.CONTRACTS_VIEW,))
    assert_problem(blind.get(ENTRIES), 403, "right_missing")
    desk = caller(StaffRole.HELP_DESK, name="desk")
    assert_problem(desk.get(ENTRIES), 403, "right_missing")
    one = caller(name="one", only=(contract_b,))
    assert_problem(one.get(ENTRIES), 404, "not_found")


def test_a_suspended_contract_is_out_of_service(roster: ActiveContract) -> None:
    olive = caller()
    suspend(roster.slug)
    assert registry.find_contract(roster.slug) is None
    assert_problem(olive.get(ENTRIES), 409, "conflict")


def test_few_statements(roster: ActiveContract, contract_b: ActiveContract, tmp_path: Path) -> None:
    fill(roster, tmp_path, [CLINIC, CLINIC | {"identifier": "1000000012", "name": "Cedar Two"}])
    fill(contract_b, tmp_path, [LOCATION | {"code": ""}])
    olive, found = caller(), entry_of(contract_b, LOCATION["name"])
    detail = f"/contracts/{contract_b.slug}/roster/entries/{found.id}/"
    cursor = quote(
        olive.get(f"{ENTRIES}?limit=1&city=Cedar+Hollow&standing=open&q=c").json()["next"]
    )
    narrowed = f"{ENTRIES}?limit=1&city=Cedar+Hollow&standing=open&q=c&cursor={cursor}"
    for path in (ENTRIES, narrowed, detail):
        with CaptureQueriesContext(connection) as made:
            assert olive.get(path).status_code == 200
        assert len(made) <= MOST_STATEMENTS, "\n".join(
            one["sql"][:150] for one in made.captured_queries
        )
