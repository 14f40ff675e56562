"""One row of a roster: what is stored, and every reason against it."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.roster.rows import RosterRow, read_row
from core.common.identifiers import IdentifierType
from tenants.configuration.document import RegistrationSection
from tests.unit.rules.builders import (
    BOTH_FALLBACKS,
    CODE_FALLBACK_ONLY,
    ISSUED,
    ISSUED_CODES,
    ISSUED_CODES_WITH_NPI,
    KNOWLEDGE,
    KNOWLEDGE_ALONE,
    MEDICAID_ID,
    NO_FALLBACK,
    NPI,
    PROGRAM_ID,
    registration,
)

CLINIC = {
    "identifier": NPI,
    "code": MEDICAID_ID,
    "name": "Cedar Hollow Clinic",
    "address_1": "1 Main Street",
    "city": "Cedar Hollow",
    "state": "WV",
    "zip": "25999",
}
LOCATION = CLINIC | {"code": ""}


def stored(rule: RegistrationSection, cells: dict[str, str]) -> RosterRow:
    row = read_row(rule, 2, cells)
    assert isinstance(row, RosterRow), row
    return row


def refused_columns(rule: RegistrationSection, cells: dict[str, str]) -> list[str]:
    row = read_row(rule, 2, cells)
    return [] if isinstance(row, RosterRow) else [rejection.column for rejection in row]


def test_values_are_stored_in_their_normal_form() -> None:
    row = stored(
        KNOWLEDGE,
        LOCATION
        | {
            "identifier": " 1234-567-893 ",
            "state": "wv",
            "zip": "259991234",
            "phone": "(304) 555-0100",
            "fax": "304.555.0101",
            "notice_email": " office@example.org ",
            "remittance_on": "2/27/2026",
            "remittance_amount": "$1,234.5",
            "starts_on": "2026-01-01",
            "ends_on": "12/31/2026",
        },
    )
    assert row.identifier == row.unit_key == NPI
    assert row.identifier_type is IdentifierType.NPI
    assert (row.state, row.zip) == ("WV", "25999-1234")
    assert (row.phone, row.fax) == ("+13045550100", "+13045550101")
    assert row.notice_email == "office@example.org"
    assert (row.remittance_on, row.remittance_amount) == (date(2026, 2, 27), Decimal("1234.50"))
    assert (row.starts_on, row.ends_on) == (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("written", [{}, {"identifier_type": "program_id"}])
@pytest.mark.parametrize("identifier", ["", MEDICAID_ID])
def test_a_provider_without_npi_is_named_by_its_code(
    written: dict[str, str], identifier: str
) -> None:
    typed = {"identifier_type": "program_id"} | written
    row = stored(BOTH_FALLBACKS, CLINIC | typed | {"identifier": identifier})
    assert row.identifier_type is IdentifierType.PROGRAM_ID
    assert row.identifier == row.unit_key == row.code == MEDICAID_ID


def test_a_blank_identifier_needs_no_type() -> None:
    row = stored(CODE_FALLBACK_ONLY, CLINIC | {"identifier": ""})
    assert row.identifier_type is IdentifierType.PROGRAM_ID


@pytest.mark.parametrize(
    ("rule", "changes", "columns"),
    [
        (BOTH_FALLBACKS, {}, []),
        (BOTH_FALLBACKS, {"code": ""}, []),
        (BOTH_FALLBACKS, {"identifier": "", "code": ""}, ["code"]),
        (CODE_FALLBACK_ONLY, {"code": ""}, ["code"]),
        (NO_FALLBACK, {"identifier": ""}, ["identifier"]),
        (NO_FALLBACK, {"identifier_type": "program_id"}, ["identifier_type"]),
        (NO_FALLBACK, {"identifier_type": "badge"}, ["identifier_type"]),
        (BOTH_FALLBACKS, {"identifier": "1234567890"}, ["identifier"]),
        (BOTH_FALLBACKS, {"code": "38100041"}, ["code"]),
        (BOTH_FALLBACKS, {"code": NPI}, ["code"]),
        (BOTH_FALLBACKS, {"identifier_type": "program_id"}, ["identifier"]),
        (BOTH_FALLBACKS, {"name": " "}, ["name"]),
        (BOTH_FALLBACKS, {"city": ""}, ["city"]),
        (BOTH_FALLBACKS, {"state": "XX"}, ["state"]),
        (BOTH_FALLBACKS, {"zip": "2599"}, ["zip"]),
        (BOTH_FALLBACKS, {"zip": "", "address_1": ""}, []),
        (BOTH_FALLBACKS, {"phone": "555-0100"}, ["phone"]),
        (BOTH_FALLBACKS, {"fax": "none"}, ["fax"]),
        (BOTH_FALLBACKS, {"notice_email": "office"}, ["notice_email"]),
        (BOTH_FALLBACKS, {"starts_on": "soon"}, ["starts_on"]),
        (BOTH_FALLBACKS, {"starts_on": "2026-02-01", "ends_on": "2026-01-31"}, ["ends_on"]),
        (BOTH_FALLBACKS, {"starts_on": "2026-02-01", "ends_on": "2026-02-01"}, []),
        (BOTH_FALLBACKS, {"name": "a\x00b"}, ["name"]),
        (BOTH_FALLBACKS, {"name": "a\nb"}, ["name"]),
        (BOTH_FALLBACKS, {"name": "x" * 201}, ["name"]),
        (BOTH_FALLBACKS, {"name": "", "state": "", "zip": "1"}, ["name", "state", "zip"]),
        (ISSUED_CODES, {"code": ISSUED}, []),
        (ISSUED_CODES, {"code": ""}, []),
        (ISSUED_CODES, {"code": "SHORT"}, ["code"]),
        (ISSUED_CODES, {"code": "K7QM2XRT9O"}, ["code"]),
        (ISSUED_CODES, {"code": "", "zip": "", "address_1": ""}, ["address_1", "zip"]),
        (ISSUED_CODES, {"code": "", "identifier": ""}, []),
        (ISSUED_CODES, {"code": "", "identifier_type": "program_id"}, ["identifier"]),
        (ISSUED_CODES_WITH_NPI, {"code": "", "identifier": ""}, ["identifier"]),
        (KNOWLEDGE, {"code": ""}, []),
        (KNOWLEDGE, {"code": ISSUED}, []),
        (KNOWLEDGE_ALONE, {"code": ISSUED}, ["code"]),
        (KNOWLEDGE, {"code": "", "remittance_on": "2026-02-27"}, ["remittance_amount"]),
        (KNOWLEDGE, {"code": "", "remittance_amount": "5"}, ["remittance_on"]),
        (
            KNOWLEDGE,
            {"code": "", "remittance_on": "2026-02-27", "remittance_amount": "-5"},
            ["remittance_amount"],
        ),
    ],
)
def test_reasons(rule: RegistrationSection, changes: dict[str, str], columns: list[str]) -> None:
    assert refused_columns(rule, CLINIC | changes) == columns


def test_an_api_has_no_check_digit() -> None:
    rule = registration(KNOWLEDGE.rule, identifier_types=("npi", "api"))
    row = stored(rule, LOCATION | {"identifier": "00400-12345", "identifier_type": "API"})
    assert (row.identifier, row.identifier_type) == ("0040012345", IdentifierType.API)


def test_the_check_of_npis_can_be_switched_off() -> None:
    rule = registration(PROGRAM_ID, check_npi=False)
    assert refused_columns(rule, CLINIC | {"identifier": "1234567890"}) == []
    assert refused_columns(rule, CLINIC | {"identifier": "é"}) == ["identifier"]


def test_issued_codes_are_kept_apart_from_the_entry() -> None:
    row = stored(ISSUED_CODES, LOCATION | {"code": "k7qm-2xrt-9b"})
    assert (row.code, row.initial_code) == ("", ISSUED)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"name": "A new name"}, True),
        ({"address_1": " 1  MAIN street"}, True),
        ({"zip": "25999-1234"}, True),
        ({"phone": "304-555-0100"}, True),
        ({"address_1": "2 Main Street"}, False),
        ({"address_2": "Suite 2"}, False),
        ({"identifier": "1000000004"}, False),
    ],
)
def test_what_makes_a_location_the_same(changes: dict[str, str], same: bool) -> None:
    before, after = stored(ISSUED_CODES, LOCATION), stored(ISSUED_CODES, LOCATION | changes)
    assert (before.unit_key == after.unit_key) is same


def test_the_name_counts_where_a_location_has_no_identifier() -> None:
    unnamed = LOCATION | {"identifier": ""}
    first = stored(ISSUED_CODES, unnamed)
    assert first.unit_key != stored(ISSUED_CODES, unnamed | {"name": "Another"}).unit_key


def test_two_providers_without_identifier_are_two_whatever_the_unit() -> None:
    rule = registration(ISSUED_CODES.rule, without_npi="code_in_both")
    unnamed = LOCATION | {"identifier": ""}
    keys = {stored(rule, unnamed | {"name": name}).unit_key for name in ("One", "Two")}
    assert len(keys) == 2
    assert stored(rule, LOCATION).unit_key == NPI


@given(
    st.sampled_from([BOTH_FALLBACKS, NO_FALLBACK, ISSUED_CODES, KNOWLEDGE]),
    st.dictionaries(st.sampled_from([*CLINIC, "phone", "remittance_amount", "ends_on"]), st.text()),
)
def test_any_text_is_stored_or_refused(rule: RegistrationSection, changes: dict[str, str]) -> None:
    row = read_row(rule, 2, CLINIC | changes)
    assert isinstance(row, RosterRow) or row


def test_no_reason_repeats_a_value_of_the_file(tmp_path: Path) -> None:
    secret = "TOPSECRET1"
    cells = dict.fromkeys([*CLINIC, "phone", "fax", "notice_email", "starts_on"], secret)
    rejections = read_row(ISSUED_CODES, 2, cells)
    assert isinstance(rejections, list)
    assert rejections
    assert all(secret not in rejection.reason for rejection in rejections)
