"""The file of Invite many: its columns, and the empty one to start from."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

from core.common.tables import FileRow, header_problems, read_table

if TYPE_CHECKING:
    from _typeshed import SupportsRead

REQUIRED: Final = ("provider", "first_name", "last_name", "email")
COLUMNS: Final = (
    *REQUIRED,
    "role",
    "username",
    "phone",
    "fax",
    "address_1",
    "address_2",
    "city",
    "state",
    "zip",
)
"""Those that a contract's Add New User requires are asked for row by row."""
_CHUNK: Final = 64 * 1024

_check_header = partial(
    header_problems, known=COLUMNS, required=REQUIRED, what="a file of new users"
)


def read_sheet(file: "SupportsRead[bytes]") -> Iterator[FileRow]:
    """Yield the rows of an uploaded file. Raises TableFileError as `read_table` does."""
    with NamedTemporaryFile(suffix=".csv") as kept:
        while chunk := file.read(_CHUNK):
            kept.write(chunk)
        kept.flush()
        yield from read_table(Path(kept.name), _check_header)


def template_rows(identifiers: Sequence[str]) -> Iterable[Sequence[str]]:
    """Return the header and two examples, for providers of the admin's."""
    first, last = identifiers[0], identifiers[-1]
    return [
        COLUMNS,
        (first, "Noor", "Haddad", "noor.haddad@clinic.example", "", "", *[""] * 7),
        (
            f"{first}; {last}" if first != last else first,
            *("Sam", "Ives", "sam.ives@clinic.example", "Provider Admin", "sam.ives"),
            *("304-555-0142", "304-555-0143", "1 Elm Street", "Suite 2", "Charleston", "WV"),
            "25301",
        ),
    ]
