"""Roster files: read row by row, refused as a whole, and the template that one starts from."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from contracts.roster.columns import COLUMNS, column_names, read_header
from contracts.roster.rows import Rejection
from core.common.errors import DomainError
from tenants.configuration.document import KnowledgeProofRule, RegistrationSection

_LONGEST_CELL: Final = 4_000


class RosterFileError(DomainError):
    """The file cannot be read as a roster at all; nothing of it was looked at further."""

    code: ClassVar[str] = "roster_file_unreadable"
    message: ClassVar[str] = "This file is not a roster."


@dataclass(frozen=True)
class FileRow:
    """One row as it stands in the file, or the reason why it has no values."""

    number: int
    cells: dict[str, str]
    fault: str = ""


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises RosterFileError if it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RosterFileError(f"The file {path} cannot be read: {error.strerror}.") from error


def count_lines(path: Path) -> int:
    """Return about how many rows a file has, for a progress bar."""
    with path.open("rb") as file:
        return max(sum(1 for _ in file) - 1, 0)


def read_rows(path: Path, registration: RegistrationSection) -> Iterator[FileRow]:
    """Yield the rows of a comma-separated file in UTF-8, numbered as a spreadsheet does.

    Empty rows are left out. Raises RosterFileError for another encoding, a broken quotation and a
    header that does not suit the contract; what was yielded before must then be thrown away.
    """
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(csv.reader(file, strict=True), registration)
    except UnicodeDecodeError as error:
        raise RosterFileError(
            "The file is not in UTF-8. Save it as CSV UTF-8 and try again."
        ) from error
    except csv.Error as error:
        raise RosterFileError(f"The file is not well-formed CSV: {error}.") from error
    except OSError as error:
        raise RosterFileError(f"The file {path} cannot be read: {error.strerror}.") from error


def _rows(records: Iterable[Sequence[str]], registration: RegistrationSection) -> Iterator[FileRow]:
    numbered = enumerate(records, start=1)
    _, header = next(numbered, (1, []))
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise RosterFileError(
            "The values are not separated by commas. Save the file with commas and try again."
        )
    problems = read_header(header, registration)
    if problems:
        raise RosterFileError(" ".join(problems))
    names = column_names(header)
    for number, record in numbered:
        if not any(cell.strip() for cell in record):
            continue
        if len(record) != len(names):
            fault = f"The row has {len(record)} values, the header {len(names)}."
            yield FileRow(number, {}, fault)
        else:
            yield FileRow(number, dict(zip(names, record, strict=True)))


def write_rejections(path: Path, rejections: Iterable[Rejection]) -> None:
    """Write the report of rejected rows: row number, column, reason. No value of the file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", "column", "reason"])
        writer.writerows([item.row, item.column, item.reason] for item in rejections)


def template(registration: RegistrationSection, *, state: str) -> str:
    """Return a roster with a header and a row for each case that the contract's rule knows.

    `state` is the two letters of the contract's state, for the example addresses.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {"state": state} for row in _examples(registration))
    return text.getvalue()


def _examples(registration: RegistrationSection) -> Iterator[dict[str, str]]:
    full = {
        "identifier": "1234567893",
        "identifier_type": registration.identifier_types[0],
        "name": "Example Clinic",
        "provider_type": "Clinic",
        "address_1": "100 Main Street",
        "city": "Exampleville",
        "zip": "25999",
        "phone": "304-555-0100",
        "fax": "304-555-0101",
        "notice_email": "office@example.org",
        "starts_on": "2026-01-01",
    }
    program_code = registration.rule.family == "program_id"
    code = registration.code_example if program_code else ""
    paid: dict[str, str] = {}
    if isinstance(registration.rule, KnowledgeProofRule):
        examples = {"remittance_on": "2026-02-27", "remittance_amount": "1234.50"}
        paid = {fact: examples[fact] for fact in registration.rule.facts}
    yield full | {"code": code} | paid
    if registration.unit == "location":
        yield full | {"name": "Example Clinic, second location", "address_1": "400 Station Avenue"}
    if registration.without_npi == "code_in_both":
        named = {"identifier": "", "identifier_type": "program_id", "name": "No NPI Clinic"}
        yield full | named | {"code": code}
    if registration.without_code == "identifier_in_both":
        yield full | {"identifier": "1000000004", "name": "No Program Number Clinic"}
