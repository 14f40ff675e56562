"""Roster files as the API gives them: how far one is, what was rejected, what it changes."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from contracts.api.shapes import Shape
from contracts.roster.models import RosterChange, RosterUpload
from contracts.roster.models.uploads import ChangeKind
from contracts.roster.services.uploads import offset_of
from contracts.roster.uploads.differences import change_rows, drops_many
from contracts.roster.uploads.files import PART_BYTES
from contracts.roster.uploads.states import UploadState
from tenants.context import require_contract

LARGEST_CHUNK: Final = 3 * PART_BYTES
"""Bytes: whole pieces, below what any request may have (`PORTAL_LARGEST_BODY`)."""
KINDS: Final = [kind.value for kind in ChangeKind]
_SECRET: Final = {"code", "remittance_on", "remittance_amount"}
"""What proves a registration: that it changes is told, and not from what to what."""


class ColumnRefused(Shape):
    """A column that cannot be taken as a whole."""

    column: str
    reason: str
    first_row: int
    rows: int


class UploadFacts(Shape):
    """How far a roster file is."""

    id: UUID
    file_name: str
    size: int
    state: str = Field(json_schema_extra={"enum": [*UploadState.values]})
    offset: int | None = Field(
        description="Where the next chunk begins; null when no more is waited for."
    )
    chunk_unit: int = Field(
        description="A chunk has a multiple of so many bytes, unless it is the last."
    )
    largest_chunk: int
    percent: int = Field(
        description="How much has come while it is sent, how much was checked after that."
    )
    rows: int = Field(description="Read so far.")
    rejected: int = Field(description="Rows that cannot be taken; one is enough to refuse all.")
    problem: str = Field(description="Why the file was refused as a whole.")
    column_problems: list[ColumnRefused]
    sha256: str = Field(description='As announced, then of what has come. "": not known yet.')
    present: int = Field(description="Entries on the roster when the difference was made.")
    added: int
    changed: int
    removed: int
    many_leave: bool = Field(
        description="So many entries leave with it that a swap needs `many_may_leave`."
    )
    made_again: bool = Field(
        description="The difference was made anew: the roster or the rule had changed."
    )
    sent_by: UUID | None
    began_at: datetime
    moved_at: datetime
    ended_at: datetime | None
    confirmed_by: UUID | None
    reason: str


class Rejection(Shape):
    """Why a value cannot be taken. No value of the file stands here."""

    row: int
    column: str
    reason: str


class FieldBecomes(Shape):
    """A field of an entry that becomes another one."""

    column: str
    before: str | None = Field(description="Null, as `after`, for what proves a registration.")
    after: str | None


class EntryChange(Shape):
    """What a file does with one entry."""

    entry: UUID
    kind: str = Field(json_schema_extra={"enum": [*KINDS]})
    name: str
    identifier: str
    fields: list[FieldBecomes]


def upload_facts(found: RosterUpload) -> UploadFacts:
    """Return an upload as the API gives it; one that is being sent takes a statement more."""
    return UploadFacts(
        **{name: getattr(found, name) for name in _PLAIN},
        offset=offset_of(found),
        chunk_unit=PART_BYTES,
        largest_chunk=LARGEST_CHUNK,
        column_problems=[ColumnRefused(**one) for one in found.column_problems],
        sha256=found.digest,
        many_leave=drops_many(found, require_contract().document),
    )


_MADE: Final = {
    "offset",
    "chunk_unit",
    "largest_chunk",
    "column_problems",
    "sha256",
    "many_leave",
}
_PLAIN: Final = tuple(name for name in UploadFacts.model_fields if name not in _MADE)


def entry_change(one: RosterChange) -> EntryChange:
    """Return what a file does with an entry, without what proves a registration."""
    (row,) = change_rows([one])
    return EntryChange(
        entry=one.entry,
        kind=row.kind,
        name=row.name,
        identifier=row.identifier,
        fields=[FieldBecomes(**_shown(asdict(field))) for field in row.fields],
    )


def _shown(field: dict[str, Any]) -> dict[str, str | None]:
    secret = field["column"] in _SECRET
    return {
        "column": field["column"],
        "before": None if secret else field["before"],
        "after": None if secret else field["after"],
    }
