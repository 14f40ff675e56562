"""Comma-separated files: those that people send, and the sheets that the portal writes for them."""

import csv
import difflib
import hashlib
import string
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final, NamedTuple, TextIO

from core.common.errors import DomainError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_LONGEST_CELL: Final = 4_000
_LONGEST_LINE: Final = 200_000
_PIECE: Final = 100
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), the wide forms
# of East Asian keyboards included.
_FORMULA_MARKS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BREAKS: Final = ("\t", "\r", "\n")
_BLANK: Final = string.whitespace + "\ufeff\u00a0"

HeaderCheck = Callable[[Sequence[str]], list[str]]


class TableFileError(DomainError):
    """The file cannot be read as the table that is wanted; nothing of it was looked at further."""

    code: ClassVar[str] = "table_file_unreadable"
    message: ClassVar[str] = "This file cannot be read as a table."


class FileRow(NamedTuple):
    """One row as it stands in the file, or the reason why it has no values."""

    number: int
    names: Sequence[str]
    record: Sequence[str]
    fault: str = ""

    @property
    def cells(self) -> dict[str, str]:
        """Return the values by the names in the header."""
        return dict(zip(self.names, self.record, strict=True))


@dataclass(frozen=True)
class Rejection:
    """Why one value of one row cannot be taken. `row` counts as a spreadsheet does: header is 1."""

    row: int
    column: str
    reason: str


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises TableFileError if it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TableFileError(f"The file {path} cannot be read: {error.strerror}.") from error


def count_lines(path: Path) -> int:
    """Return about how many rows a file has, for a progress bar."""
    with path.open("rb") as file:
        return max(sum(1 for _ in file) - 1, 0)


def read_table(path: Path, check_header: HeaderCheck) -> Iterator[FileRow]:
    """Yield the rows of a file as `read_stream` does. Raises TableFileError, as it does."""
    try:
        with path.open("rb") as file:
            yield from read_stream(file, check_header)
    except OSError as error:
        raise TableFileError(f"The file {path} cannot be read: {error.strerror}.") from error


def read_stream(file: BinaryIO, check_header: HeaderCheck) -> Iterator[FileRow]:
    """Yield the rows of comma-separated values in UTF-8, numbered as a spreadsheet does.

    Empty rows are left out. `check_header` returns the problems of the header row. Raises
    TableFileError for another encoding, a broken quotation, a line without an end and a header with
    problems; what was yielded before must then be thrown away.
    """
    csv.field_size_limit(_LONGEST_CELL)
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _rows(csv.reader(_lines(text), strict=True), check_header)
    except UnicodeDecodeError as error:
        raise TableFileError(
            "The file is not in UTF-8. Save it as CSV UTF-8 and try again."
        ) from error
    except csv.Error as error:
        raise TableFileError(f"The file is not well-formed CSV: {error}.") from error
    finally:
        with suppress(ValueError):  # closed already
            text.detach()  # the file is the caller's, who closes it


def _lines(text: TextIO) -> Iterator[str]:
    """Yield the lines of a text; one that does not end is not collected in memory."""
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
            raise TableFileError(
                f"A line has more than {_LONGEST_LINE:,} characters: this is no table."
            )
        yield line


def _rows(records: Iterable[Sequence[str]], check_header: HeaderCheck) -> Iterator[FileRow]:
    numbered = enumerate(records, start=1)
    _, header = next(numbered, (1, []))
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise TableFileError(
            "The values are not separated by commas. Save the file with commas and try again."
        )
    problems = check_header(header)
    if problems:
        raise TableFileError(" ".join(problems))
    names = column_names(header)
    for number, record in numbered:
        if not (record and record[0]) and not any(cell.strip() for cell in record):
            continue
        if len(record) != len(names):
            fault = f"The row has {len(record)} values, the header {len(names)}."
            yield FileRow(number, (), (), fault)
        else:
            yield FileRow(number, names, record)


def column_names(cells: Sequence[str]) -> list[str]:
    """Return the names in a header row, without regard to case and surrounding spaces."""
    return [cell.strip().lower().replace(" ", "_") for cell in cells]


def header_problems(
    cells: Sequence[str], *, known: Collection[str], required: Iterable[str], what: str
) -> list[str]:
    """Return the problems of a header row; empty when the file can be read by it.

    A column that is not known is a problem: what a mistyped one says would be lost unseen. `what`
    names the file in the sentence, such as `a roster`.
    """
    names = column_names(cells)
    problems = [f"The column {column} is missing." for column in required if column not in names]
    problems += [
        f"The column {name} is there twice."
        for name in sorted(set(names))
        if name and names.count(name) > 1
    ]
    problems += [_unknown(name, known, what) for name in names if name not in known]
    return problems


def _unknown(name: str, known: Collection[str], what: str) -> str:
    if not name:
        return "A column has no name."
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Is it {near[0]}?" if near else ""
    return f"The column {name[:40]!r} is not one of {what}.{hint}"


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet runs: a text that would be a formula gets an apostrophe.

    Names come from files and from forms, and a formula can send the cells beside it away. Numbers
    stay what they are.
    """
    if not isinstance(cell, str):
        return cell
    runs = cell.startswith(_BREAKS) or cell.lstrip(_BLANK).startswith(_FORMULA_MARKS)
    return f"'{cell}" if runs else cell


def as_was(cell: str) -> str:
    """Return a cell without the apostrophe that `harmless` put before it, for a sheet of ours that
    comes back.
    """
    return cell[1:] if cell[:1] == "'" and harmless(cell[1:]) == cell else cell


def write_sheet(file: "SupportsWrite[str]", rows: Iterable[Iterable[object]]) -> None:
    """Write rows that people open in a spreadsheet; the only place that writes such files."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([harmless(cell) for cell in row] for row in rows)


def sheet_pieces(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield a sheet a hundred rows at a time, for a file that goes out while it is made."""
    waiting = iter(rows)
    yield "\ufeff"
    while batch := list(islice(waiting, _PIECE)):
        piece = StringIO()
        write_sheet(piece, batch)
        yield piece.getvalue()


def write_rejections(path: Path, rejections: Iterable[Rejection]) -> None:
    """Write the report of rejected rows: row number, column, reason. No value of the file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write_sheet(file, [("row", "column", "reason")])
        write_sheet(file, ((item.row, item.column, item.reason) for item in rejections))
