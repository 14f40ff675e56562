"""Entries of a roster one by one: found, changed with the checks of an import, taken off."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from contracts.directory.selectors import find_matches
from contracts.roster.entries.finding import EntryFilter, find_entries, read_page
from contracts.roster.models import RosterEntry
from contracts.roster.rows import RosterRow, read_row
from contracts.roster.services.entries import (
    EntryChangedError,
    change_entry,
    version_of,
)
from contracts.roster.services.imports import import_roster
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import StaffRole
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import CLINIC, NO_CODE, NO_NPI, WriteRoster, take
from tests.support.people import make_person, make_provider
from tests.support.staff import staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
HERE = "/staff/contracts/wv-bh/roster/entries/"
ODD = "=cmd|' /C calc'!A0 <script>alert(1)</script> #$*_ \u202eevil"


@pytest.fixture
def clinic(contract_a: ActiveContract, write_roster: WriteRoster) -> RosterEntry:
    with contract_context(contract_a):
        take(write_roster([CLINIC, NO_NPI, NO_CODE]))
        return RosterEntry.objects.get(identifier=CLINIC["identifier"])


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def typed(**other: str) -> dict[str, str]:
    return {**CLINIC, "identifier_type": "npi", **other}


def row_of(contract: ActiveContract, **other: str) -> RosterRow:
    row = read_row(contract.document.registration, 1, typed(**other))
    assert isinstance(row, RosterRow), row
    return row


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def kinds(entry_id: UUID | str) -> list[str]:
    events = AuditEvent.objects.filter(subject_id=entry_id).order_by("id")
    return list(events.values_list("event_type", flat=True))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "1234567893"}, ["Cedar Hollow Clinic"]),
        ({"q": "123-456-7893"}, ["Cedar Hollow Clinic"]),
        ({"q": "cEdar"}, ["Cedar Hollow Clinic"]),
        ({"q": "hollow"}, []),
        ({"city": "cedar hollow", "q": "f"}, ["Fern Gap House"]),
        ({"standing": "registered"}, []),
        ({"standing": "nonsense"}, ["Cedar Hollow Clinic", "Fern Gap House", "Rowan Hill"]),
    ],
)
def test_entries_are_found(
    operator: Client, clinic: RosterEntry, query: dict[str, str], names: list[str]
) -> None:
    shown = text(operator, f"{HERE}?{urlencode(query)}")
    for name in ("Cedar Hollow Clinic", "Fern Gap House", "Rowan Hill"):
        assert (f"<bdi>{name}" in shown) == (name in names), name


def test_pages_follow_each_other_without_a_gap(
    contract_a: ActiveContract, clinic: RosterEntry
) -> None:
    with contract_context(contract_a):
        at, seen, after = clock.now(), [], None
        for _ in range(3):
            page = read_page(EntryFilter(), after=after, at=at, size=1)
            seen += [one.name for one in page.entries]
            after = page.after
        assert after is None
        assert seen == ["Cedar Hollow Clinic", "Fern Gap House", "Rowan Hill Services"]


def test_a_list_and_a_beginning_are_read_by_an_index(
    contract_a: ActiveContract, clinic: RosterEntry
) -> None:
    with contract_context(contract_a), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        for chosen, index in (
            (EntryFilter(q="Ced"), "roster_entry_by_name"),
            (EntryFilter(q="Ced", city="Elkins"), "roster_entry_by_city"),
        ):
            plan = find_entries(chosen, at=clock.now())[:26].explain()
            assert f"using {index}" in plan
            assert "Index Cond" in plan


def test_a_registered_entry_names_who_registered_it(
    operator: Client, contract_a: ActiveContract, clinic: RosterEntry
) -> None:
    mia = make_person("mia")
    provider = make_provider(mia, contract_a, identifier=clinic.identifier)
    type(provider).objects.filter(pk=provider.pk).update(roster_entry_id=clinic.id)
    shown = text(operator, f"{HERE}{clinic.id}/")
    assert f"by {mia.get_full_name()}" in shown
    assert CLINIC["code"] not in shown
    assert "Cedar Hollow Clinic" in text(operator, f"{HERE}?standing=registered")
    assert "Cedar Hollow Clinic" not in text(operator, f"{HERE}?standing=open")


def test_an_entry_is_changed_and_its_number_counts_at_once(
    operator: Client, contract_a: ActiveContract, clinic: RosterEntry
) -> None:
    at = f"{HERE}{clinic.id}/"
    sent = typed(seen=version_of_in(contract_a, clinic), name=ODD, code="0055555555", city="")
    refused = operator.post(f"{at}edit/", sent)
    assert refused.status_code == 200
    assert "&lt;script&gt;alert(1)" in refused.content.decode()
    sent["city"] = "Elkins"
    assert operator.post(f"{at}edit/", sent).headers["Location"] == at
    found = find_matches(clinic.identifier, "0055555555")
    assert [match.entry_id for match in found] == [clinic.id]
    assert not find_matches(clinic.identifier, CLINIC["code"])
    event = AuditEvent.objects.get(event_type="roster_entry.changed")
    assert event.data["fields"] == ["code", "name", "city"]
    assert ODD not in str(event.data)
    shown = text(operator, at)
    assert "<script>alert" not in shown
    assert "Changed: Program number, Name, City" in shown


def test_another_identifier_is_another_entry(
    operator: Client, contract_a: ActiveContract, clinic: RosterEntry
) -> None:
    sent = typed(seen=version_of_in(contract_a, clinic), identifier="1000000004")
    answer = operator.post(f"{HERE}{clinic.id}/edit/", sent)
    assert "it would be another entry" in answer.content.decode()
    assert kinds(clinic.id) == []


def test_an_import_meanwhile_is_told_and_nothing_typed_is_lost(
    operator: Client, contract_a: ActiveContract, clinic: RosterEntry, write_roster: WriteRoster
) -> None:
    seen = version_of_in(contract_a, clinic)
    with contract_context(contract_a):
        take(write_roster([CLINIC | {"city": "Elkins"}, NO_NPI, NO_CODE]))
    sent = typed(seen=seen, name="Cedar Hollow House")
    answer = operator.post(f"{HERE}{clinic.id}/edit/", sent).content.decode()
    assert "was changed meanwhile" in answer
    assert "Elkins" in answer
    assert 'value="Cedar Hollow House"' in answer
    fresh = answer.split('name="seen" value="')[1].split('"')[0]
    assert operator.post(f"{HERE}{clinic.id}/edit/", {**sent, "seen": fresh}).status_code == 302


def test_one_is_added_taken_off_and_back(
    operator: Client, contract_a: ActiveContract, clinic: RosterEntry
) -> None:
    new = typed(identifier="1000000004", code="0077777777", name="Larch Clinic")
    at = operator.post(f"{HERE}new/", new).headers["Location"]
    assert find_matches("1000000004", "0077777777")
    assert "has this entry already" in operator.post(f"{HERE}new/", new).content.decode()
    seen = operator.get(f"{at}take-off/").context["form"].initial["seen"]
    leave = {"seen": seen, "reason": "Closed"}
    assert operator.post(f"{at}take-off/", leave).headers["Location"] == at
    assert not find_matches("1000000004", "0077777777")
    assert "Off the roster since" in text(operator, at)
    assert "Larch Clinic" in text(operator, f"{HERE}?off=1&q=Larch")
    assert operator.post(f"{HERE}new/", new).headers["Location"] == at
    assert kinds(at.split("/")[-2]) == [
        "roster_entry.added",
        "roster_entry.removed",
        "roster_entry.added",
    ]


def test_who_may(contract_a: ActiveContract, clinic: RosterEntry) -> None:
    other = registry.get_contract("ms-um")
    may = {
        StaffRole.CONTRACT_ADMIN: (contract_a, 200, 200),
        StaffRole.AUDITOR: (None, 200, 403),
        StaffRole.HELP_DESK: (None, 403, 403),
    }
    for role, (contract, sees, edits) in may.items():
        client = staff_client(role, contract, name=f"staff{role.value[:4]}")
        assert client.get(f"{HERE}{clinic.id}/").status_code == sees, role
        assert client.get(f"{HERE}{clinic.id}/edit/").status_code == edits, role
    stranger = staff_client(StaffRole.CONTRACT_ADMIN, other, name="carl")
    assert stranger.get(f"{HERE}{clinic.id}/").status_code == 404
    theirs = HERE.replace("wv-bh", "ms-um")
    assert stranger.get(f"{theirs}{clinic.id}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_many_edits_and_an_import_at_once_none_is_lost(
    contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    with contract_context(contract_a):
        take(write_roster([CLINIC, NO_NPI, NO_CODE]))
        entry = RosterEntry.objects.get(identifier=CLINIC["identifier"])
        seen = version_of(entry)
    path = write_roster([CLINIC | {"city": "Elkins"}, NO_NPI, NO_CODE])

    def act(place: int) -> str:
        with contract_context(contract_a):
            at = clock.now() + timedelta(seconds=place)
            if place == 0:
                import_roster(path=path, by=None, at=at)
                return "imported"
            try:
                row = row_of(contract_a, name=f"Name {place}")
                change_entry(entry_id=entry.id, row=row, seen=seen, by=uuid7(), at=at)
            except EntryChangedError:
                return "told"
            return row.name

    done = at_once(4, act)
    with contract_context(contract_a):
        entry.refresh_from_db()
    assert entry.city == "Elkins"
    changed = [name for name in done if name.startswith("Name")]
    assert len(changed) <= 1
    assert done.count("told") == 3 - len(changed)


def version_of_in(contract: ActiveContract, entry: Any) -> str:
    with contract_context(contract):
        return version_of(RosterEntry.objects.get(pk=entry.pk))
