"""Roster files, row by row."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from contracts.roster.columns import read_header
from core.common.tables import FileRow, read_table
from tenants.configuration.document import RegistrationSection


def read_rows(path: Path, registration: RegistrationSection) -> Iterator[FileRow]:
    """Yield the rows of a roster file; its header must suit the contract."""
    return read_table(path, partial(read_header, registration=registration))
