"""Roster files: headers, encodings, the report of rejected rows, the template."""

import csv
from pathlib import Path

import pytest

from contracts.roster.columns import COLUMNS, read_header, required_columns
from contracts.roster.files import template
from contracts.roster.rows import RosterRow, read_row
from core.common.tables import (
    Rejection,
    TableFileError,
    count_lines,
    digest_of,
    write_rejections,
)
from tenants.configuration.document import RegistrationSection
from tests.support.rosters import read_rows
from tests.unit.rules.builders import (
    BOTH_FALLBACKS,
    ISSUED_CODES,
    KNOWLEDGE,
    NO_FALLBACK,
    PROGRAM_ID,
    registration,
)

HEADER = "identifier,code,name,city,state\n"
ROW = "1234567893,0012345678,Clinic,Town,WV\n"


def write(path: Path, text: str | bytes) -> Path:
    file = path / "roster.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    ("rule", "columns"),
    [
        (NO_FALLBACK, "identifier code name city state"),
        (ISSUED_CODES, "identifier name address_1 city state zip"),
        (KNOWLEDGE, "identifier name city state remittance_on remittance_amount"),
    ],
)
def test_required_columns(rule: RegistrationSection, columns: str) -> None:
    assert required_columns(rule) == tuple(columns.split())


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("identifier,code,name,city,state", []),
        ("STATE, City ,name,Code,Identifier", []),
        (",".join(COLUMNS), []),
        ("identifier,name,city,state", ["code is missing"]),
        ("identifier,code,name,city,state,state", ["state is there twice"]),
        ("identifier,code,name,city,state,end_on", ["'end_on'", "ends_on?"]),
        ("identifier,code,name,city,state,", ["no name"]),
        ("", ["missing"]),
    ],
)
def test_headers(header: str, words: list[str]) -> None:
    problems = " ".join(read_header(header.split(","), NO_FALLBACK))
    assert all(word in problems for word in words)
    assert bool(problems) == bool(words)


def test_rows_are_numbered_as_in_a_spreadsheet(tmp_path: Path) -> None:
    file = write(tmp_path, HEADER + ROW + "\n,,,,\n" + "1,2\n" + ROW)
    rows = list(read_rows(file, NO_FALLBACK))
    assert [row.number for row in rows] == [2, 5, 6]
    assert rows[0].cells["name"] == "Clinic"
    assert "2 values" in rows[1].fault


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    file = write(tmp_path, b"\xef\xbb\xbf" + (HEADER + ROW).replace("\n", "\r\n").encode())
    (row,) = read_rows(file, NO_FALLBACK)
    assert row.cells["identifier"] == "1234567893"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "missing"),
        (b"PK\x03\x04\xff\xfe", "UTF-8"),
        ((HEADER + "1,2,Caf\u00e9,T,WV\n").encode("cp1252"), "UTF-8"),
        (HEADER + '1,"2,3,4,5\n', "CSV"),
        (HEADER + "1,2," + "x" * 5000 + ",T,WV\n", "CSV"),
        (HEADER.replace("code", "codes"), "code"),
        (HEADER.replace(",", ";") + ROW.replace(",", ";"), "commas"),
    ],
)
def test_files_that_are_no_rosters(tmp_path: Path, content: str | bytes, word: str) -> None:
    with pytest.raises(TableFileError) as caught:
        list(read_rows(write(tmp_path, content), NO_FALLBACK))
    assert word in caught.value.sentence


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TableFileError):
        list(read_rows(tmp_path / "none.csv", NO_FALLBACK))
    with pytest.raises(TableFileError):
        digest_of(tmp_path / "none.csv")


def test_lines_are_counted_without_the_header(tmp_path: Path) -> None:
    assert count_lines(write(tmp_path, HEADER + ROW + ROW)) == 2
    assert count_lines(write(tmp_path, "")) == 0


def test_the_report_names_row_column_and_reason(tmp_path: Path) -> None:
    report = tmp_path / "rejected.csv"
    write_rejections(report, [Rejection(3, "zip", "Wrong."), Rejection(4, "", "Short.")])
    with report.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["row", "column", "reason"],
            ["3", "zip", "Wrong."],
            ["4", "", "Short."],
        ]


TEMPLATE_RULES = [
    (registration(PROGRAM_ID).model_copy(update={"code_example": "0012345678"}), 1),
    (BOTH_FALLBACKS.model_copy(update={"code_example": "0012345678"}), 3),
    (ISSUED_CODES, 3),
    (KNOWLEDGE, 1),
]


@pytest.mark.parametrize(("rule", "count"), TEMPLATE_RULES)
def test_the_template_can_be_imported(
    tmp_path: Path, rule: RegistrationSection, count: int
) -> None:
    text = template(rule, state="OH")
    assert {row["state"] for row in csv.DictReader(text.splitlines())} == {"OH"}
    assert text.splitlines()[0] == ",".join(COLUMNS)
    rows = [read_row(rule, row.number, row.cells) for row in read_rows(write(tmp_path, text), rule)]
    keys = {row.unit_key for row in rows if isinstance(row, RosterRow)}
    assert len(keys) == len(rows) == count
