"""What a data file says of itself, and how one is checked before anything of it is believed."""

import json
import zipfile
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.apps import apps

from contracts.console.data.parts import all_parts
from core.common.crypto import constant_time_equal
from core.common.errors import DomainError
from tenants.schema_level import newest_migration

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_BLOCK: Final = 1 << 20


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

    def as_text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def read_manifest(path: Path) -> Manifest:
    """Return a data file's manifest after each of its files was compared with its checksum.

    Raises DataFileError for a file that is damaged, incomplete, or of another kind.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _parse(json.loads(archive.read(MANIFEST)))
            for facts in manifest.files.values():
                _compare(archive, facts)
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise DataFileError(
            f"{path.name} is no data file of a contract, or not whole: {error}"
        ) from error
    return manifest


def present_migrations() -> dict[str, str]:
    """Return the newest migration that this code has of each app whose tables come along."""
    labels = sorted({part.model._meta.app_label for part in all_parts()})
    newest = {label: newest_migration(apps.get_app_config(label).name) for label in labels}
    return {label: name for label, name in newest.items() if name}


def _parse(found: dict[str, Any]) -> Manifest:
    files = {label: FileFacts(**facts) for label, facts in found.pop("files").items()}
    return Manifest(**found, files=files)


def _compare(archive: zipfile.ZipFile, facts: FileFacts) -> None:
    digest = sha256()
    with archive.open(facts.file) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    if not constant_time_equal(digest.hexdigest(), facts.sha256):
        raise ValueError(f"{facts.file} is not what its checksum says")
