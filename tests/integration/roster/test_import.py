"""Importing a roster: swapped in as a whole or not at all, ids kept, everything recorded."""

from datetime import timedelta

import pytest

from contracts.directory.models import Fingerprint
from contracts.directory.selectors import find_matches
from contracts.roster.models import IssuedCode, RosterEntry, RosterImport
from contracts.roster.selectors import list_entries
from contracts.roster.services import checking
from contracts.roster.services.staging import Difference
from contracts.roster.spreadsheets import LOST_ZEROS
from core.audit.models import AuditEvent
from core.common.tables import TableFileError
from tenants.configuration.document import ProgramIdRule
from tenants.context import ActiveContract, contract_context
from tenants.errors import NoContractError
from tests.integration.roster.conftest import (
    AT,
    CLINIC,
    LOCATION,
    NAMELESS_LOCATION,
    NO_CODE,
    NO_NPI,
    SECOND_LOCATION,
    WriteRoster,
    take,
    with_registration,
)

ROWS = [CLINIC, NO_NPI, NO_CODE]


def snapshot() -> list[tuple[object, ...]]:
    return list(RosterEntry.objects.order_by("id").values_list())


def test_the_roster_becomes_what_the_file_says(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    before = list_entries().count()
    report = take(write_roster(ROWS))
    assert report.applied
    assert not report.refused
    assert report.rows == 3
    assert list_entries().count() == 3
    assert report.difference is not None
    # The sample roster had entries with two of the three numbers or more; they stayed.
    assert report.difference.added + report.difference.changed <= 3
    assert report.difference.removed == before + report.difference.added - 3
    entry = RosterEntry.objects.get(identifier="1234567893")
    assert (entry.code, entry.name, entry.state) == ("0012345678", "Cedar Hollow Clinic", "WV")


def test_an_import_is_recorded(in_contract_a: ActiveContract, write_roster: WriteRoster) -> None:
    path = write_roster(ROWS)
    take(path)
    latest = RosterImport.objects.latest("id")
    assert (latest.file_name, latest.applied, latest.rows, latest.rejected) == (
        path.name,
        True,
        3,
        0,
    )
    assert len(latest.file_digest) == 64
    event = AuditEvent.objects.latest("id")
    assert event.event_type == "roster.imported"
    assert event.contract_id == in_contract_a.id
    assert event.subject_id == latest.id
    assert event.data["rows"] == 3
    assert "Cedar" not in str(event.data)


def test_the_same_file_twice_changes_nothing(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    path = write_roster(ROWS)
    take(path)
    entries = snapshot()
    prints = set(Fingerprint.objects.filter(contract_id=in_contract_a.id).values_list("id"))
    report = take(path, at=AT + timedelta(days=1))
    assert report.difference == Difference(added=0, changed=0, removed=0)
    assert snapshot() == entries
    kept = set(Fingerprint.objects.filter(contract_id=in_contract_a.id).values_list("id"))
    assert kept == prints


def test_an_entry_that_stays_keeps_its_id(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    take(write_roster(ROWS))
    before = RosterEntry.objects.get(identifier="1234567893")
    report = take(write_roster([CLINIC | {"name": "A new name", "code": "0055555555"}, NO_NPI]))
    assert report.difference == Difference(added=0, changed=1, removed=1)
    after = RosterEntry.objects.get(identifier="1234567893")
    assert (after.id, after.name, after.code) == (before.id, "A new name", "0055555555")
    assert find_matches("1234567893", "0012345678") == []
    assert [match.entry_id for match in find_matches("1234567893", "0055555555")] == [after.id]


def test_an_entry_that_is_left_out_can_come_back_as_itself(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    take(write_roster(ROWS))
    entry = RosterEntry.objects.get(identifier="1000000012")
    take(write_roster([CLINIC]))
    assert RosterEntry.objects.get(pk=entry.id).removed_at == AT
    assert find_matches("1000000012", "1000000012", contract_id=in_contract_a.id) == []
    take(write_roster(ROWS))
    assert RosterEntry.objects.get(pk=entry.id).removed_at is None
    matches = find_matches("1000000012", "1000000012", contract_id=in_contract_a.id)
    assert [match.entry_id for match in matches] == [entry.id]


def test_a_file_with_one_bad_row_changes_nothing(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    entries = snapshot()
    prints = Fingerprint.objects.count()
    bad = CLINIC | {"identifier": "1234567890", "zip": "2599", "code": "0012345679"}
    report = take(write_roster([CLINIC, bad, NO_CODE]))
    assert report.refused
    assert not report.applied
    assert [(item.row, item.column) for item in report.rejections] == [
        (3, "identifier"),
        (3, "zip"),
    ]
    assert report.rejected_rows == 1
    assert snapshot() == entries
    assert Fingerprint.objects.count() == prints


def test_a_refused_file_leaves_a_trace(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    take(write_roster([CLINIC | {"state": "??"}]))
    latest = RosterImport.objects.latest("id")
    assert (latest.applied, latest.rows, latest.rejected, latest.added) == (False, 1, 1, 0)
    event = AuditEvent.objects.latest("id")
    assert (event.event_type, event.result) == ("roster.refused", "refused")


def test_a_file_without_rows_is_refused(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    entries = snapshot()
    assert take(write_roster([])).refused
    assert snapshot() == entries


def test_a_file_that_is_no_roster_changes_nothing(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    entries = snapshot()
    path = write_roster(ROWS)
    path.write_bytes(path.read_bytes() + b'"never closed')
    with pytest.raises(TableFileError):
        take(path)
    assert snapshot() == entries


def test_duplicates_are_named_with_the_first_row(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    twice = CLINIC | {"identifier": " 1234567893", "code": "0099999999"}
    # A provider without NPI whose code is the number of another one would be two in one.
    named_alike = CLINIC | {"identifier": "0090000012", "identifier_type": "program_id"}
    report = take(write_roster([CLINIC, twice, NO_NPI, named_alike | {"code": "0090000012"}]))
    assert [(item.row, item.reason) for item in report.rejections] == [
        (3, "The same identifier stands in row 2."),
        (5, "The same identifier stands in row 4."),
    ]


def test_a_column_without_its_leading_zeros_is_refused(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    report = take(write_roster([CLINIC | {"code": "12345678"}, NO_NPI | {"code": "90000012"}]))
    (problem,) = report.column_problems
    assert (problem.column, problem.reason, problem.first_row, problem.rows) == (
        "code",
        LOST_ZEROS,
        2,
        2,
    )


def test_lost_zeros_show_against_the_present_roster_where_the_pattern_takes_any_length(
    contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    loose = with_registration(contract_a, rule=ProgramIdRule(pattern="[0-9]{6,10}"))
    with contract_context(loose):
        take(write_roster([CLINIC]))
        report = take(write_roster([CLINIC | {"code": "12345678"}]))
        assert report.refused
        assert report.column_problems[0].reason == LOST_ZEROS
        assert RosterEntry.objects.get(identifier="1234567893").code == "0012345678"


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    take(write_roster(ROWS))
    entries, imports, events = snapshot(), RosterImport.objects.count(), AuditEvent.objects.count()
    new = CLINIC | {"identifier": "1000000004", "code": "0011111111"}
    report = take(write_roster([CLINIC | {"name": "Other"}, NO_NPI, new]), dry_run=True)
    assert report.difference == Difference(added=1, changed=1, removed=1)
    assert not report.applied
    assert snapshot() == entries
    assert RosterImport.objects.count() == imports
    assert AuditEvent.objects.count() == events


def test_a_refused_dry_run_records_nothing(
    in_contract_a: ActiveContract, write_roster: WriteRoster
) -> None:
    events = AuditEvent.objects.count()
    assert take(write_roster([CLINIC | {"name": ""}]), dry_run=True).refused
    assert AuditEvent.objects.count() == events


def test_progress_is_told_from_batch_to_batch(
    in_contract_a: ActiveContract, write_roster: WriteRoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "AT_ONCE", 2)
    seen: list[int] = []
    take(write_roster(ROWS), progress=seen.append)
    assert seen == [2, 3]


def test_an_import_needs_a_contract(db: None, write_roster: WriteRoster) -> None:
    with pytest.raises(NoContractError):
        take(write_roster(ROWS))


def test_one_identifier_at_several_locations(
    in_contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    report = take(write_roster([LOCATION, SECOND_LOCATION, NAMELESS_LOCATION]))
    assert report.applied
    assert RosterEntry.objects.filter(identifier="1234567893", removed_at=None).count() == 2
    same = take(write_roster([LOCATION, LOCATION | {"name": "Another name", "code": ""}]))
    assert [item.reason for item in same.rejections] == ["The same location stands in row 2."]


def test_codes_in_the_file_are_hashed_and_nothing_else_is_kept(
    in_contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    report = take(write_roster([LOCATION, SECOND_LOCATION, NAMELESS_LOCATION]))
    entries = list(list_entries())
    assert {entry.code for entry in entries} == {""}
    assert IssuedCode.objects.filter(entry__in=entries).count() == 3
    assert report.codes_taken_over <= 3
    for pair in [("1234567893", "K7QM-2XRT-9B"), ("R6TJ2VYG5M", "r6tj2vyg5m")]:
        assert len(find_matches(*pair)) == 1
    assert find_matches("1234567893", "R6TJ2VYG5M") == []


def test_importing_codes_again_neither_doubles_nor_revives_them(
    in_contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    path = write_roster([LOCATION])
    take(path)
    entry = list_entries().get()
    code = IssuedCode.objects.get(entry=entry, revoked_at=None)
    IssuedCode.objects.filter(pk=code.pk).update(uses=1)
    take(path, at=AT + timedelta(days=1))
    again = IssuedCode.objects.get(entry=entry, revoked_at=None)
    assert (again.id, again.uses, again.expires_at) == (code.id, 1, code.expires_at)


def test_another_code_in_the_file_revokes_the_former(
    in_contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    take(write_roster([LOCATION]))
    former = IssuedCode.objects.get(entry=list_entries().get(), revoked_at=None)
    take(write_roster([LOCATION | {"code": "B9XE4KSU7F"}]), at=AT + timedelta(days=1))
    former.refresh_from_db()
    assert former.revoked_at == AT + timedelta(days=1)
    assert IssuedCode.objects.filter(revoked_at=None, entry=former.entry_id).count() == 1


def test_the_same_code_for_two_locations_is_refused(
    in_contract_b: ActiveContract, write_roster: WriteRoster
) -> None:
    report = take(write_roster([LOCATION, SECOND_LOCATION | {"code": "k7qm 2xrt 9b"}]))
    assert [(item.row, item.column) for item in report.rejections] == [(3, "code")]
