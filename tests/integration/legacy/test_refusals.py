"""What is refused: with row, column and reason, and the whole file with it."""

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from contracts.legacy.services.accounts import MOST_FAMILIES
from contracts.roster.models import RosterEntry
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Provider
from tenants.context import ActiveContract, contract_context
from tests.integration.legacy.files import (
    ONE,
    THREE,
    TWO,
    bring_in,
    lena,
    person,
    reasons,
    write,
)
from tests.integration.registration.journeys import Journey
from tests.support.people import make_person, make_provider

pytestmark = pytest.mark.django_db


def test_one_rejected_row_keeps_the_whole_file_out(tmp_path: Path) -> None:
    report = bring_in(tmp_path, lena(), person("omar", role="boss"))
    assert reasons(report) == [(3, "role")]
    assert not report.applied
    assert not User.objects.exists()
    assert not Provider.objects.exists()
    event = AuditEvent.objects.get(event_type="accounts.import_refused")
    assert (event.data["rows"], event.data["rejected"], event.data["accounts"]) == (2, 1, 0)


def test_an_address_under_two_usernames_is_refused_with_both_rows(tmp_path: Path) -> None:
    report = bring_in(tmp_path, lena(), person("omar", email="LENA@clinic.example", role="staff"))
    assert reasons(report) == [(2, "email"), (3, "email")]
    assert "row 3" in report.rejections[0].reason
    assert "row 2" in report.rejections[1].reason


def test_rows_of_one_username_must_agree_whatever_the_case(tmp_path: Path) -> None:
    report = bring_in(
        tmp_path,
        lena(),
        lena(username="LENA", identifier=TWO, email="other@clinic.example", phone="3045550199"),
    )
    assert (3, "email") in reasons(report)
    assert (3, "phone") in reasons(report)


def test_the_same_person_and_provider_twice_is_refused(tmp_path: Path) -> None:
    assert reasons(bring_in(tmp_path, lena(), lena(role="staff"))) == [(3, "identifier")]


def test_a_username_of_somebody_else_is_refused(tmp_path: Path) -> None:
    stranger = make_person("lena")
    User.objects.filter(pk=stranger.pk).update(email="another.lena@clinic.example")
    assert reasons(bring_in(tmp_path, lena())) == [(2, "username")]


def test_an_address_of_an_account_with_another_username_is_refused(tmp_path: Path) -> None:
    make_person("dana")
    assert reasons(bring_in(tmp_path, lena(email="Dana@clinic.example"))) == [(2, "email")]


def test_a_username_that_a_registration_reserves_is_refused(tmp_path: Path) -> None:
    Journey("wv-bh").start().inform(username="lena").submit()
    assert reasons(bring_in(tmp_path, lena())) == [(2, "username")]


@pytest.mark.parametrize(
    ("column", "value"), [("contract", "no-such-program"), ("identifier", "1999999984")]
)
def test_unknown_programs_and_providers(tmp_path: Path, column: str, value: str) -> None:
    assert reasons(bring_in(tmp_path, lena(**{column: value}))) == [(2, column)]


def test_a_provider_that_is_not_on_the_roster_any_more(
    tmp_path: Path, contract_a: ActiveContract
) -> None:
    with contract_context(contract_a):
        RosterEntry.objects.filter(identifier=ONE).update(removed_at=clock.now())
        RosterEntry.objects.filter(identifier=TWO).update(starts_on=None, ends_on="2020-01-01")
        RosterEntry.objects.filter(identifier=THREE).update(starts_on="2099-01-01")
    report = bring_in(tmp_path, lena(), lena(identifier=TWO), lena(identifier=THREE))
    assert reasons(report) == [(2, "identifier"), (3, "identifier"), (4, "identifier")]


def test_of_several_locations_one_must_be_named(tmp_path: Path, contract_b: ActiveContract) -> None:
    row = lena(contract=contract_b.slug, identifier="1002001711")
    assert reasons(bring_in(tmp_path, row)) == [(2, "identifier")]
    elsewhere = {**row, "address_1": "1 Nowhere Lane"}
    assert reasons(bring_in(tmp_path, elsewhere)) == [(2, "identifier")]
    named = {**row, "address_1": "306  orchard lane"}
    report = bring_in(tmp_path, named)
    assert (report.refused, report.providers) == (False, 1)
    assert Provider.objects.get().address_1 == "306 Orchard Lane"


def test_a_new_provider_without_an_administrator(tmp_path: Path) -> None:
    report = bring_in(tmp_path, person("omar", role="staff"), person("ines", role="provider_admin"))
    assert reasons(report) == [(2, "role"), (3, "role")]


def test_group_names_that_contradict_common_administrators(tmp_path: Path) -> None:
    report = bring_in(tmp_path, lena(group_name="One"), lena(identifier=TWO, group_name="Another"))
    assert reasons(report) == [(3, "group_name")]


def test_administrators_of_two_groups_must_name_the_group_of_a_new_provider(
    tmp_path: Path, contract_a: ActiveContract
) -> None:
    for name, identifier in (("lena", ONE), ("ruth", TWO)):
        make_provider(make_person(name), contract_a, identifier=identifier)
    rows = [lena(identifier=THREE), person("ruth", identifier=THREE)]
    assert reasons(bring_in(tmp_path, *rows)) == [(2, "identifier")]
    named = [{**row, "group_name": "Both"} for row in rows]
    assert bring_in(tmp_path, *named).groups == 1


def test_too_many_kinds_of_hashes(tmp_path: Path) -> None:
    key = "A" * 43 + "="
    rows = [
        person(
            f"user{number}",
            role="group_admin" if number == 0 else "staff",
            password_hash=f"pbkdf2_sha256${1000 + number}$salt${key}",
        )
        for number in range(MOST_FAMILIES + 1)
    ]
    assert bring_in(tmp_path, *rows[:-1], dry_run=True).rejections == []
    report = bring_in(tmp_path, *rows)
    assert reasons(report) == [(MOST_FAMILIES + 2, "password_hash")]


def run(*words: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("accounts", "import-legacy", *map(str, words), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_says_what_it_made_and_that_it_made_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, lena(), person("omar", role="staff"))
    assert "would make 2 accounts" in run(path, "--dry-run")[0]
    assert "Made 2 accounts, 1 providers" in run(path)[0]
    assert "nothing changed" in run(path)[0]


def test_the_command_reports_refused_rows_without_their_values(tmp_path: Path) -> None:
    path = write(tmp_path, lena(email="not an address"), person("omar", role="secret-word"))
    rejects = tmp_path / "report.csv"
    with pytest.raises(CommandError, match="2 of 2 rows were rejected"):
        run(path, "--rejects", rejects)
    rows = list(csv.reader(rejects.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["row", "column", "reason"]
    assert [row[:2] for row in rows[1:]] == [["2", "email"], ["3", "role"]]
    assert "secret-word" not in rejects.read_text()


@pytest.mark.parametrize("name", ["missing.csv", "odd.csv", "empty.csv", "wrong.csv"])
def test_files_that_cannot_be_read_at_all(tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.csv").write_bytes("username,é\n".encode("latin-1"))
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "wrong.csv").write_text("user name;email\n")
    with pytest.raises(CommandError):
        run(tmp_path / name)
    assert not User.objects.exists()
