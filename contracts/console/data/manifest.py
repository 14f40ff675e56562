"""What a data file says of itself, and how one is checked before anything of it is believed."""

import json
import lzma
import zipfile
import zlib
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.apps import apps
from pydantic import TypeAdapter

from contracts.console.data.parts import all_parts
from core.common.crypto import constant_time_equal
from core.common.errors import DomainError
from tenants.schema_level import newest_migration

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_BLOCK: Final = 1 << 20
_LARGEST_MANIFEST: Final = 1 << 20
"""Bytes. One has some 10,000; the tables are streamed, and may be as large as they are."""
_BROKEN: Final = (
    *(OSError, EOFError, KeyError, TypeError, ValueError, RecursionError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    RuntimeError,
)
"""What a ZIP file that is none, or JSON of another shape, ends in. The last is for passwords, and
for ways of packing that nobody here knows."""


class DataFileError(DomainError):
    """A data file that cannot be used; the sentence says what is wrong with it."""

    code = "data_file_refused"


@dataclass(frozen=True)
class FileFacts:
    """One table's rows: where they stand, how many, and the SHA-256 of the file in hexadecimal."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What stands in a data file. `contract` is the row of the contract, as text."""

    format: int
    made_at: str
    contract: dict[str, str]
    migrations: dict[str, str]
    """The last migration of each app whose tables come along: names and columns depend on it."""
    files: dict[str, FileFacts]
    """By the table's label."""

    @property
    def rows(self) -> int:
        """How many rows all tables have together."""
        return sum(one.rows for one in self.files.values())

    def as_text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


_MANIFESTS: Final = TypeAdapter(Manifest)


def read_manifest(path: Path) -> Manifest:
    """Return a data file's manifest after each of its files was compared with its checksum.

    Raises DataFileError for a file that is damaged, incomplete, or of another kind.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            text = _read_manifest(archive)
            manifest = _MANIFESTS.validate_json(text, strict=True, extra="forbid")
            for facts in manifest.files.values():
                _compare(archive, facts)
    except _BROKEN as error:
        raise DataFileError(
            f"{path.name} is no data file of a contract, or not whole: {error}"
        ) from error
    return manifest


def _read_manifest(archive: zipfile.ZipFile) -> bytes:
    """Return the text of the manifest, of which no more is inflated than one may have."""
    with archive.open(MANIFEST) as stream:
        text = stream.read(_LARGEST_MANIFEST + 1)
    if len(text) > _LARGEST_MANIFEST:
        raise ValueError("its manifest is larger than any")
    return text


def present_migrations() -> dict[str, str]:
    """Return the newest migration that this code has of each app whose tables come along."""
    labels = sorted({part.model._meta.app_label for part in all_parts()})
    newest = {label: newest_migration(apps.get_app_config(label).name) for label in labels}
    return {label: name for label, name in newest.items() if name}


def _compare(archive: zipfile.ZipFile, facts: FileFacts) -> None:
    digest = sha256()
    with archive.open(facts.file) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    if not constant_time_equal(digest.hexdigest(), facts.sha256):
        raise ValueError(f"{facts.file} is not what its checksum says")
