"""The sample rosters are what their script writes, pass every check, and show every edge case."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from contracts.programs.sample_rosters import (
    roster_rows,
    sample_registrations,
    sample_roster,
    sample_slugs,
)
from contracts.registration.rules import (
    EntryFacts,
    IssuedCodeFacts,
    ProofFacts,
    check_input,
    evaluate,
    issued_code_digest,
)
from contracts.roster.columns import COLUMNS
from contracts.roster.rows import RosterRow, read_row
from contracts.roster.spreadsheets import ColumnWatch
from core.common.identifiers import IdentifierType
from tenants.configuration.document import RegistrationSection
from tenants.configuration.loading import load_contract
from tests.support.rosters import read_rows

PROGRAMS = Path("contracts/programs")
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
SLUGS = sample_slugs()


def registration_of(slug: str) -> RegistrationSection:
    return load_contract(PROGRAMS / f"{slug}.toml").registration


def rows_of(slug: str) -> list[RosterRow]:
    rule = registration_of(slug)
    rows = [read_row(rule, row.number, row.cells) for row in read_rows(sample_roster(slug), rule)]
    assert all(isinstance(row, RosterRow) for row in rows), rows
    return [row for row in rows if isinstance(row, RosterRow)]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_file_is_what_the_script_writes(slug: str) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(roster_rows(slug))
    assert sample_roster(slug).read_text(encoding="utf-8") == text.getvalue()


@pytest.mark.parametrize("slug", SLUGS)
def test_every_row_passes_and_is_there_once(slug: str) -> None:
    rows = rows_of(slug)
    assert len(rows) >= 200
    assert len({row.unit_key for row in rows}) == len(rows)
    watch = ColumnWatch(registration_of(slug))
    for row in read_rows(sample_roster(slug), registration_of(slug)):
        watch.see(row.number, row.cells)
    assert watch.problems() == []


@pytest.mark.parametrize("slug", SLUGS)
def test_nobody_real_is_in_it(slug: str) -> None:
    for row in rows_of(slug):
        if row.identifier_type is IdentifierType.NPI:
            # Numbers below 1003000000 were never given out; the other is CMS's own example.
            assert row.identifier < "1003000000" or row.identifier == "1234567893"
        assert row.notice_email.endswith("example.org")
        assert row.phone[5:10] == row.fax[5:10] == "55501"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_edge_cases_of_each_rule_are_there(slug: str) -> None:
    rule, rows = registration_of(slug), rows_of(slug)
    assert any(row.ends_on and row.ends_on < AT.date() for row in rows)
    assert any(row.starts_on and row.starts_on > AT.date() for row in rows)
    assert any(row.zip.startswith("0") for row in rows)
    if rule.without_npi == "code_in_both":
        assert any(row.identifier_type is IdentifierType.PROGRAM_ID for row in rows)
    if rule.without_code == "identifier_in_both":
        assert any(not row.code for row in rows)
    if rule.rule.family == "program_id":
        assert any(row.code.startswith("00") for row in rows)
    if rule.unit == "location":
        identifiers = [row.identifier for row in rows if row.identifier]
        assert len(set(identifiers)) < len(identifiers)
    if rule.rule.family == "knowledge_proof":
        assert any(row.remittance_on is None for row in rows)
        assert any(row.identifier_type is IdentifierType.API for row in rows)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_rows_to_try_do_what_their_note_says(slug: str) -> None:
    rule, rows = registration_of(slug), rows_of(slug)
    tries = sample_registrations(slug)
    assert len(tries) >= 3
    for sample, row in zip(tries, rows, strict=False):
        entry, codes = _facts(row)
        typed = (
            ProofFacts(sample.remittance_on, sample.remittance_amount)
            if sample.remittance_on
            else sample.code
        )
        assert check_input(rule, sample.identifier, typed) == []
        decision = evaluate(
            rule=rule,
            identifier=sample.identifier,
            code=typed,
            entry=entry,
            codes=codes,
            on=date(2026, 6, 1),
            at=AT,
        )
        assert sample.name == row.name
        assert decision.accepted != sample.note.startswith("refused"), (sample, decision)


def test_a_contract_without_a_sample_has_nothing_to_try() -> None:
    assert sample_registrations("another") == []


def _facts(row: RosterRow) -> tuple[EntryFacts, list[IssuedCodeFacts]]:
    entry = EntryFacts(
        id=UUID(int=1),
        identifier=row.identifier,
        identifier_type=row.identifier_type,
        code=row.code,
        provider_type=row.provider_type,
        remittance_on=row.remittance_on,
        remittance_amount=row.remittance_amount,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )
    if not row.initial_code:
        return entry, []
    digest = issued_code_digest(entry.id, row.initial_code, version=1)
    expires_at = AT.replace(year=2027)
    return entry, [IssuedCodeFacts(UUID(int=2), entry.id, digest, 1, expires_at, 1, 0)]
