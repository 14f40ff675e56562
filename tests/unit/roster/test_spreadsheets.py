"""Columns that a spreadsheet damaged are refused with that reason."""

import pytest

from contracts.roster.spreadsheets import DECIMALS, LOST_ZEROS, SCIENTIFIC, ColumnWatch
from tenants.configuration.document import ProgramIdRule, RegistrationSection
from tests.unit.rules.builders import BOTH_FALLBACKS, ISSUED_CODES, KNOWLEDGE, registration

WITH_APIS = registration(KNOWLEDGE.rule, identifier_types=("npi", "api"))
LETTERED = registration(ProgramIdRule(pattern="[A-Z][0-9]{9}"))


def problems(
    rule: RegistrationSection, rows: list[dict[str, str]]
) -> list[tuple[str, str, int, int]]:
    watch = ColumnWatch(rule)
    for number, cells in enumerate(rows, start=2):
        watch.see(number, cells)
    return [(item.column, item.reason, item.first_row, item.rows) for item in watch.problems()]


def column(name: str, *values: str, **others: str) -> list[dict[str, str]]:
    return [{name: value} | others for value in values]


@pytest.mark.parametrize(
    ("rule", "rows", "expected"),
    [
        (
            BOTH_FALLBACKS,
            column("code", "1234567890", "38100041", "38100042"),
            [("code", LOST_ZEROS, 3, 2)],
        ),
        # Another value kept its zeros: the short one is a mistake in its own row.
        (BOTH_FALLBACKS, column("code", "0038100040", "38100041"), []),
        (BOTH_FALLBACKS, column("code", "1234567890", "12345678901"), []),
        (BOTH_FALLBACKS, column("code", "", "ABC"), []),
        (LETTERED, column("code", "123456789"), []),
        (ISSUED_CODES, column("code", "2345678"), []),
        (BOTH_FALLBACKS, column("zip", "25999", "6999"), [("zip", LOST_ZEROS, 3, 1)]),
        (BOTH_FALLBACKS, column("zip", "25999", "69991234"), [("zip", LOST_ZEROS, 3, 1)]),
        (BOTH_FALLBACKS, column("zip", "06999", "6999"), []),
        (BOTH_FALLBACKS, column("identifier", "1.23457E+09"), [("identifier", SCIENTIFIC, 2, 1)]),
        (BOTH_FALLBACKS, column("code", "1E+12", "4,5e+9"), [("code", SCIENTIFIC, 2, 2)]),
        (ISSUED_CODES, column("code", "23E4567894"), []),
        (
            BOTH_FALLBACKS,
            column("identifier", "1234567893.0"),
            [("identifier", DECIMALS, 2, 1)],
        ),
        (BOTH_FALLBACKS, column("phone", "3045550100.0"), [("phone", DECIMALS, 2, 1)]),
        (
            WITH_APIS,
            column("identifier", "1040012345", "40012345", identifier_type="api"),
            [("identifier", LOST_ZEROS, 3, 1)],
        ),
        (WITH_APIS, column("identifier", "0040012345", "40012345", identifier_type="api"), []),
        (WITH_APIS, column("identifier", "40012345", "40012346", identifier_type="api"), []),
        (WITH_APIS, column("identifier", "1234567893", "123", identifier_type="npi"), []),
    ],
)
def test_damage(
    rule: RegistrationSection,
    rows: list[dict[str, str]],
    expected: list[tuple[str, str, int, int]],
) -> None:
    assert problems(rule, rows) == expected
