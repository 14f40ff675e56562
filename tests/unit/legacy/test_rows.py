"""One row of a file of current portal users."""

import pytest

from contracts.legacy.groups import AdminRow, form_groups
from contracts.legacy.rows import LegacyRow, check_header, read_row
from tests.integration.legacy.files import LENA


def faults(**values: str) -> set[str]:
    found = read_row(2, {**LENA, **values})
    return set() if isinstance(found, LegacyRow) else {one.column for one in found}


def test_a_good_row_in_the_form_in_which_it_is_taken() -> None:
    cells = {**LENA, "email": " Lena@Clinic.EXAMPLE ", "role": "Group_Admin", "contract": "WV-BH"}
    row = read_row(2, {**cells, "identifier": " 1000-001.887 ", "phone": "(304) 555-0142"})
    assert isinstance(row, LegacyRow)
    assert (row.email, row.role, row.contract) == ("lena@clinic.example", "group_admin", "wv-bh")
    assert (row.identifier, row.phone) == ("1000001887", "+13045550142")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("username", ""),
        ("username", "two words"),
        ("username", "x" * 61),
        ("first_name", ""),
        ("last_name", "x" * 81),
        ("email", ""),
        ("email", "nobody"),
        ("email", "x" * 250 + "@a.example"),
        ("phone", "12345"),
        ("identifier", ""),
        ("contract", ""),
        ("role", ""),
        ("role", "operator"),
        ("password_hash", "5f4dcc3b5aa765d61d8327deb882cf99"),
        ("password_hash", "$2b$31$" + "a" * 53),
        ("first_name", "=1+1"),
        ("last_name", "@SUM(A1)"),
        ("group_name", "+cmd"),
        ("username", "-x"),
        ("first_name", "two\nlines"),
        ("last_name", "bell\x07"),
    ],
)
def test_values_that_are_refused(column: str, value: str) -> None:
    assert faults(**{column: value}) == {column}


def test_a_role_that_the_program_adds_is_taken_in_that_program_alone() -> None:
    added = {"wv-bh": ["reader"]}
    row = read_row(2, {**LENA, "role": "reader", "contract": "wv-bh"}, added)
    assert isinstance(row, LegacyRow)
    assert row.role == "reader"
    assert not isinstance(
        read_row(2, {**LENA, "role": "reader", "contract": "x"}, added), LegacyRow
    )


def test_every_reason_is_told_at_once_and_without_the_value() -> None:
    found = read_row(7, {**LENA, "email": "secret", "role": "secret", "phone": "secret"})
    assert not isinstance(found, LegacyRow)
    assert {one.column for one in found} == {"email", "role", "phone"}
    assert all(one.row == 7 and "secret" not in one.reason for one in found)


def test_the_header_needs_its_columns_and_knows_no_others() -> None:
    assert check_header(list(LENA)) == []
    assert "email is missing" in " ".join(check_header([one for one in LENA if one != "email"]))
    assert "Is it identifier?" in " ".join(check_header([*LENA, "identifer"]))


def admin(number: int, person: str, provider: str, name: str = "") -> AdminRow[str]:
    return AdminRow(number, person, provider, name)


def test_groups_grow_together_in_whatever_order_the_rows_come() -> None:
    rows = [
        admin(2, "a", "one"),
        admin(3, "b", "two"),
        admin(4, "c", "three"),
        admin(5, "b", "three"),
        admin(6, "a", "two"),
        admin(7, "d", "four"),
    ]
    groups = form_groups(rows)
    assert sorted(sorted(group.providers) for group in groups) == [
        ["four"],
        ["one", "three", "two"],
    ]
    (large,) = [group for group in groups if len(group.providers) == 3]
    assert [row.number for row in large.rows] == [2, 3, 4, 5, 6]
    assert large.widened() == 3


def test_names_bring_providers_together_and_contradictions_show() -> None:
    (one,) = form_groups([admin(2, "a", "one", "West"), admin(3, "b", "two", "WEST")])
    assert (one.providers, one.names, one.widened()) == (["one", "two"], ["West"], 2)
    (both,) = form_groups([admin(2, "a", "one", "West"), admin(3, "a", "two", "East")])
    assert both.names == ["West", "East"]
