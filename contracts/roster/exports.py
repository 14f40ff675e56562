"""The roster as a file: the columns of an import, so that it can be taken in again."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.roster.columns import COLUMNS, text_in
from contracts.roster.entries.finding import EntryFilter, find_entries
from core.audit.recording import record
from tenants.context import require_contract

_BATCH: Final = 1_000


def export_rows(chosen: EntryFilter, *, at: datetime) -> Iterator[Sequence[object]]:
    """Yield the header and a row for each entry that fits, a thousand read at a time.

    In the order of their keys, so that no answer is held open in the database.
    """
    yield COLUMNS
    found = find_entries(chosen, at=at).order_by("id").values_list("id", *COLUMNS)
    last: UUID | None = None
    while batch := list((found.filter(id__gt=last) if last else found)[:_BATCH]):
        for _, *values in batch:
            yield [text_in(name, value) for name, value in zip(COLUMNS, values, strict=True)]
        last = batch[-1][0]


@transaction.atomic
def record_export(chosen: EntryFilter, *, by: UUID, at: datetime) -> None:
    """Record `roster.exported`: who took the list away, how many entries, narrowed by what."""
    entries = find_entries(chosen, at=at)
    record(
        "roster.exported",
        contract_id=require_contract().id,
        actor_id=by,
        data={"entries": entries.order_by().count(), "narrowed_by": sorted(chosen.kept())},
        at=at,
    )
