"""Providers and groups by the API: who sees which, with whose roles, and what lies elsewhere."""

from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.shortcuts import get_object_or_404
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.common import clock
from core.groups.models import Membership, Provider, ProviderGroup, ProviderStatus, Role
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract
from tests.support.api import Caller, assert_problem, caller
from tests.support.naive import fails_with
from tests.support.people import START, make_person, make_provider

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 6
GROUPS = "/groups/"


@pytest.fixture
def dana() -> User:
    return make_person("dana")


@pytest.fixture
def here(dana: User, contract_a: ActiveContract) -> Provider:
    """A provider in one contract, of a group that has one in another contract, too."""
    return make_provider(dana, contract_a, identifier="1245319599", name="Birch Clinic")


@pytest.fixture
def there(dana: User, here: Provider, contract_b: ActiveContract) -> Provider:
    provider = make_provider(dana, contract_b, identifier="1999999992", name="Cedar Clinic")
    Provider.objects.filter(pk=provider.pk).update(group=here.group)
    provider.refresh_from_db()
    return provider


def desk(contract: ActiveContract | None = None, **more: Any) -> Caller:
    return caller(StaffRole.HELP_DESK, contract, **more)


def items(who: Caller, path: str) -> list[dict[str, Any]]:
    answer = who.get(path)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["items"])


def names(who: Caller, path: str) -> list[str]:
    return [one["name"] for one in items(who, path)]


def providers_of(contract: ActiveContract, query: str = "") -> str:
    return f"/contracts/{contract.slug}/providers/{query}"


def of_group(group: ProviderGroup, what: str = "") -> str:
    return f"{GROUPS}{group.pk}/{what and f'{what}/'}"


def end(provider: Provider) -> None:
    ended = {"status": ProviderStatus.ENDED, "ended_at": clock.now()}
    Provider.objects.filter(pk=provider.pk).update(**ended)


def test_providers_of_a_contract_are_listed_and_read(
    here: Provider, there: Provider, contract_a: ActiveContract
) -> None:
    hal = desk()
    (one,) = items(hal, providers_of(contract_a))
    assert (one["id"], one["group_id"]) == (str(here.pk), str(here.group_id))
    assert (one["identifier"], one["status"]) == ("1245319599", "active")
    assert hal.get(providers_of(contract_a, f"{here.pk}/")).json() == one
    assert_problem(hal.get(providers_of(contract_a, f"{there.pk}/")), 404, "not_found")


def test_providers_are_found_by_identifier_and_status(
    here: Provider, dana: User, contract_a: ActiveContract
) -> None:
    hal, gone = desk(), make_provider(make_person("gus"), contract_a, name="Gone Clinic")
    end(gone)
    assert names(hal, providers_of(contract_a)) == ["Birch Clinic", "Gone Clinic"]
    assert names(hal, providers_of(contract_a, "?status=ended")) == ["Gone Clinic"]
    assert names(hal, providers_of(contract_a, "?identifier=1245-319-599")) == ["Birch Clinic"]
    assert names(hal, providers_of(contract_a, "?identifier=1245319590")) == []
    strange = hal.get(providers_of(contract_a, "?status=odd"))
    assert assert_problem(strange, 400, "query_invalid")["errors"][0]["pointer"] == "status"


def test_a_group_says_what_lies_in_reach_and_how_much_elsewhere(
    here: Provider, there: Provider, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    whole, of_one = desk(), desk(contract_a, name="anna")
    facts = whole.get(of_group(here.group)).json()
    assert (facts["providers"], facts["other_providers"]) == (2, 0)
    assert set(facts["contracts"]) == {str(contract_a.id), str(contract_b.id)}
    facts = of_one.get(of_group(here.group)).json()
    assert (facts["providers"], facts["other_providers"]) == (1, 1)
    assert facts["contracts"] == [str(contract_a.id)]
    assert names(whole, of_group(here.group, "providers")) == ["Birch Clinic", "Cedar Clinic"]
    assert names(of_one, of_group(here.group, "providers")) == ["Birch Clinic"]
    assert [one["id"] for one in items(of_one, GROUPS)] == [str(here.group_id)]


def test_members_are_told_by_account_and_role(
    here: Provider, there: Provider, dana: User, contract_a: ActiveContract
) -> None:
    nurse, clerk = make_person("nurse"), make_person("clerk")
    for user, provider, role in ((nurse, here, Role.STAFF), (clerk, there, Role.PROVIDER_ADMIN)):
        grant_provider_role(user=user, provider=provider, role=role, by=dana.id, at=START)
    path = of_group(here.group, "members")
    found = {one["account"]: one for one in items(desk(), path)}
    assert set(found) == {str(one.pk) for one in (dana, nurse, clerk)}
    admin, worker = found[str(dana.pk)], found[str(nurse.pk)]
    assert (admin["role"], admin["provider"], admin["contract"]) == ("group_admin", None, None)
    assert (worker["role_name"], worker["provider"]) == ("Provider Staff Account", str(here.pk))
    assert (worker["contract"], worker["third_party"]) == (str(contract_a.id), False)
    of_one = items(desk(contract_a, name="anna"), path)
    assert {one["account"] for one in of_one} == {str(dana.pk), str(nurse.pk)}
    assert "dana" not in str(of_one)


def test_roles_that_have_ended_are_not_among_the_members(here: Provider, dana: User) -> None:
    nurse = make_person("nurse")
    grant_provider_role(user=nurse, provider=here, role=Role.STAFF, by=dana.id, at=START)
    Membership.objects.filter(user=nurse).update(until=clock.now())
    found = items(desk(), of_group(here.group, "members"))
    assert [one["account"] for one in found] == [str(dana.pk)]


def test_roles_at_providers_cost_no_statement_each(here: Provider, dana: User) -> None:
    for place in range(MOST_STATEMENTS):
        who = make_person(f"nurse{place}")
        grant_provider_role(user=who, provider=here, role=Role.STAFF, by=dana.id, at=START)
    hal = desk()
    hal.get("/token/")
    with CaptureQueriesContext(connection) as made:
        found = items(hal, of_group(here.group, "members"))
    assert len(found) == MOST_STATEMENTS + 1
    assert len(made) <= MOST_STATEMENTS


def test_what_is_out_of_reach_is_as_if_it_did_not_exist(
    here: Provider, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    for other in (desk(contract_c, name="mia"), desk(name="hal", only=(contract_c,))):
        assert items(other, GROUPS) == []
        for path in (
            of_group(here.group),
            of_group(here.group, "providers"),
            of_group(here.group, "members"),
            f"{GROUPS}{uuid4()}/",
            providers_of(contract_a),
            providers_of(contract_a, f"{here.pk}/"),
            f"/contracts/{contract_c.slug}/providers/{here.pk}/",
        ):
            assert_problem(other.get(path), 404, "not_found")


def test_an_ended_provider_opens_its_group_to_nobody(
    here: Provider, contract_a: ActiveContract
) -> None:
    anna = desk(contract_a)
    end(here)
    assert_problem(anna.get(of_group(here.group)), 404, "not_found")
    assert names(anna, providers_of(contract_a)) == ["Birch Clinic"]


def test_a_token_without_the_right_sees_none(here: Provider, contract_a: ActiveContract) -> None:
    blind = desk(rights=(StaffPermission.USERS_VIEW,))
    for path in (GROUPS, of_group(here.group), providers_of(contract_a)):
        assert_problem(blind.get(path), 403, "right_missing")


def test_lists_go_on_by_cursors_and_cost_few_statements(
    dana: User, here: Provider, contract_a: ActiveContract
) -> None:
    for place in range(4):
        who = make_person(f"person{place}")
        make_provider(who, contract_a, identifier=f"{place}", name="Alder Clinic")
        grant_group_admin(user=who, group=here.group, by=dana.id, at=START)
    hal = desk()
    hal.get("/token/")
    for path, many in (
        (providers_of(contract_a), 5),
        (GROUPS, 5),
        (of_group(here.group, "members"), 5),
        (of_group(here.group, "providers"), 1),
    ):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            with CaptureQueriesContext(connection) as made:
                page = hal.get(f"{path}?limit=2&cursor={quote(cursor)}").json()
            assert len(made) <= MOST_STATEMENTS
            seen += [str(one) for one in page["items"]]
            cursor = page["next"]
        assert len(set(seen)) == len(seen) == many, path
    for path in (of_group(here.group), providers_of(contract_a, f"{here.pk}/")):
        with CaptureQueriesContext(connection) as made:
            assert hal.get(path).status_code == 200
        assert len(made) <= MOST_STATEMENTS


# --- Doubles: what these tests would see ---------------------------------------------------------


def test_a_group_that_is_loaded_by_its_id_alone_is_seen(
    here: Provider, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    """The naive way: who may see registrations somewhere reads the group that is named."""

    def naive(_staff: object, key: UUID) -> ProviderGroup:
        found: Any = get_object_or_404(ProviderGroup, pk=key)
        found.contracts = []
        return found  # type: ignore[no-any-return]

    fails_with(
        "contracts.api.resources.groups.access_group",
        naive,
        lambda: test_what_is_out_of_reach_is_as_if_it_did_not_exist(here, contract_a, contract_c),
        where="assert answer.status_code == status",
    )
