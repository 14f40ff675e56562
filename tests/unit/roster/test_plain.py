"""Rows that are read by one expression are read as the rules read them: on garbage, too."""

from itertools import combinations
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.roster import plain
from contracts.roster.columns import COLUMNS
from contracts.roster.plain import PlainRows, staged
from contracts.roster.rows import RosterRow, read_row
from contracts.roster.spreadsheets import ColumnWatch
from core.common.identifiers import npi_check_digit, npi_is_valid
from core.common.phones import PhoneNumberError, parse_us_phone
from tenants.configuration.document import RegistrationSection
from tests.unit.roster.test_rows import CLINIC
from tests.unit.rules.builders import (
    BOTH_FALLBACKS,
    ISSUED_CODES,
    KNOWLEDGE,
    NO_FALLBACK,
)

RULES: Final = [NO_FALLBACK, BOTH_FALLBACKS, ISSUED_CODES, KNOWLEDGE]
USUAL: Final = {
    "identifier": [CLINIC["identifier"], "1000000012", "1234567890", "A0", "", " 1234567893", "１"],
    "identifier_type": ["", "npi", "NPI", "program_id", "umpi"],
    "code": [CLINIC["code"], "", "0090000012", "K7QM2XRT9B", "a-1", "123"],
    "name": ["Cedar Hollow", " Fern ", "", "Ü", "a\tb", "back\\slash", "x" * 201, "=1+1", "a  b"],
    "provider_type": ["", "Clinic", "x" * 101],
    "address_1": ["1 Main Street", "1  MAIN street", "", "É"],
    "address_2": ["", "Suite 2"],
    "city": ["Elkins", "", "St. Marys"],
    "state": ["WV", "wv", "XX", ""],
    "zip": ["25999", "25999-1234", "259991234", "2599", "01234", ""],
    "phone": ["", "304-555-0100", "3045550100", "900-555-0100", "(304) 555-0100", "304-976-0100"],
    "fax": ["", "212-555-0100", "55"],
    "notice_email": ["", "a@b.org", "A@B.org", "a..b@c.org", "a@-b.org", "x" * 250 + "@b.org"],
    "remittance_on": ["", "2026-02-27", "2026-02-30", "3/5/26"],
    "remittance_amount": ["", "1234.50", "$1", "1e5"],
    "starts_on": ["", "2026-01-01", "2027-01-01", "0000-01-01"],
    "ends_on": ["", "2026-06-01"],
}
SIGNS: Final = "019AZaz =-+.,'\"\\\t\n\x00\x1f\x7f\xa0\u2028éß１@"


@st.composite
def rows(draw: st.DrawFn) -> dict[str, str]:
    """Draw a row that is right, but for three cells at most: most of them are plain."""
    cells = {name: some[0] for name, some in USUAL.items()}
    cells["code"] = draw(st.sampled_from([CLINIC["code"], ""]))
    for name in draw(st.lists(st.sampled_from(list(USUAL)), max_size=3)):
        garbage = st.text(alphabet=SIGNS, max_size=8)
        cells[name] = draw(st.sampled_from(USUAL[name]) | garbage)
    return cells


def test_a_usual_row_is_plain() -> None:
    cells = {name: CLINIC.get(name, "") for name in COLUMNS}
    plain_rows = PlainRows(BOTH_FALLBACKS, COLUMNS)
    assert plain_rows.read(list(COLUMNS), list(cells.values())) is not None


def assert_agreed(rule: RegistrationSection, plain_rows: PlainRows, cells: dict[str, str]) -> None:
    """Hold what the expression read, if it read anything, against the rules."""
    read = plain_rows.read(plain_rows.names, list(cells.values()))
    if read is None:
        return
    row = read_row(rule, 2, cells)
    assert isinstance(row, RosterRow), row
    assert staged(row) == read
    assert not row.initial_code
    whole, brief = ColumnWatch(rule), ColumnWatch(rule)
    whole.see(2, cells)
    brief.see_plain(code=read[3], postal_code=read[10])
    assert whole.problems() == brief.problems() == []
    assert whole._zeros == brief._zeros
    assert whole._lengths == {}


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(rule=st.sampled_from(RULES), cells=rows())
def test_a_plain_row_is_stored_as_its_rules_say(
    rule: RegistrationSection, cells: dict[str, str]
) -> None:
    assert_agreed(rule, PlainRows(rule, COLUMNS), cells)


@pytest.mark.parametrize("rule", RULES)
def test_so_is_each_pair_of_odd_values(rule: RegistrationSection) -> None:
    plain_rows = PlainRows(rule, COLUMNS)
    usual = {name: some[0] for name, some in USUAL.items()}
    usual["code"] = CLINIC["code"] if rule.rule.family == "program_id" else ""
    odd = [(name, value) for name, some in USUAL.items() for value in some]
    for first, second in combinations(odd, 2):
        assert_agreed(rule, plain_rows, usual | dict((first, second)))


@given(st.integers(100_000_000, 299_999_999), st.integers(0, 9))
def test_check_digits_are_summed_as_they_are_checked(body: int, digit: int) -> None:
    for last in (str(digit), npi_check_digit(str(body))):
        assert plain._has_check_digit(f"{body}{last}") == npi_is_valid(f"{body}{last}")


@settings(max_examples=400)
@given(st.from_regex(r"[2-9][0-9]{9}", fullmatch=True))
def test_the_first_six_digits_say_whether_a_number_is_taken(number: str) -> None:
    try:
        taken = bool(parse_us_phone(number))
    except PhoneNumberError:
        taken = False
    assert plain._is_phone(number[:6]) == taken


@pytest.mark.parametrize("names", [("identifier", "name", "city", "state"), COLUMNS[::-1]])
def test_columns_stand_in_any_order_and_some_are_missing(names: tuple[str, ...]) -> None:
    cells = {name: CLINIC.get(name, "") for name in names}
    read = PlainRows(BOTH_FALLBACKS, names).read(list(names), list(cells.values()))
    row = read_row(BOTH_FALLBACKS, 2, cells)
    assert isinstance(row, RosterRow)
    assert read == staged(row)
