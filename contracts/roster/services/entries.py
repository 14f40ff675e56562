"""Entries of a roster one by one: added, changed, taken off."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from contracts.roster.columns import COLUMNS
from contracts.roster.models import RosterEntry
from contracts.roster.rows import RosterRow
from contracts.roster.selectors import entry_facts
from contracts.roster.services.index import publish_entry
from contracts.roster.services.staging import wait_for_swaps
from core.audit.recording import record
from core.common.crypto import constant_time_equal, keyed_digest
from core.common.errors import DomainError
from tenants.context import require_contract

NAMING: Final = frozenset({"identifier", "identifier_type"})
"""What names an entry by itself; with other values it is another entry."""


class EntryChangedError(DomainError):
    """Somebody else, or an import, has changed the entry since the page was shown."""

    code: ClassVar[str] = "roster_entry_changed"
    message: ClassVar[str] = (
        "This entry was changed meanwhile, by somebody else or by an import. Below is what you "
        "typed; what the roster says now stands beside it. Check it and save it again."
    )


class EntryThereError(DomainError):
    """The roster has this entry already."""

    code: ClassVar[str] = "roster_entry_there"
    message: ClassVar[str] = "The roster has this entry already. Change that one instead."


class OtherEntryError(DomainError):
    """What was typed would be another entry: later imports could not tell the two apart."""

    code: ClassVar[str] = "roster_entry_other"
    message: ClassVar[str] = (
        "With this identifier or place it would be another entry, as in an import. Add that one, "
        "and take this one off."
    )


def version_of(entry: RosterEntry) -> str:
    """Return what a page remembers of an entry; another one after any change of it."""
    values = [str(getattr(entry, name)) for name in (*COLUMNS, "unit_key", "removed_at")]
    return keyed_digest("roster.entry-version", str(entry.id), *values).hex()[:32]


@transaction.atomic
def add_entry(*, row: RosterRow, by: UUID, at: datetime) -> RosterEntry:
    """Put one entry on the roster, or back on it under its former key.

    Called by staff who may import; the row has passed the checks of an import. It counts for the
    next registration. Records `roster_entry.added`. Raises EntryThereError; of two at once one
    adds it.
    """
    wait_for_swaps()
    gone = RosterEntry.objects.select_for_update().filter(unit_key=row.unit_key).first()
    if gone is not None and gone.removed_at is None:
        raise EntryThereError
    entry = gone or RosterEntry(unit_key=row.unit_key)
    former = entry_facts(entry) if gone else None
    _fill(entry, row)
    entry.removed_at = None
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError as error:
        raise EntryThereError from error
    publish_entry(entry, former=former or entry_facts(entry))
    _record("added", entry, by=by, at=at, data={"back": gone is not None})
    return entry


@transaction.atomic
def change_entry(
    *, entry_id: UUID, row: RosterRow, seen: str, by: UUID, at: datetime
) -> Sequence[str]:
    """Write what was typed into an entry; returns the names of the fields that are others now.

    Called by staff who may import; `seen` is the version of the entry that the page showed. A swap
    in progress is waited for. Providers that are registered keep what they have. Records
    `roster_entry.changed` with the names of the fields and no value. Raises EntryChangedError and
    OtherEntryError.
    """
    entry = _hold(entry_id, seen)
    if row.unit_key != entry.unit_key or any(
        getattr(entry, name) != getattr(row, name) for name in NAMING
    ):
        raise OtherEntryError
    changed = [name for name in COLUMNS if getattr(entry, name) != getattr(row, name)]
    if not changed:
        return ()
    former = entry_facts(entry)
    _fill(entry, row)
    entry.save(update_fields=changed)
    publish_entry(entry, former=former)
    _record("changed", entry, by=by, at=at, data={"fields": changed})
    return changed


@transaction.atomic
def take_off_entry(
    *, entry_id: UUID, reason: str, seen: str, by: UUID, at: datetime
) -> RosterEntry:
    """Take one entry off the roster, as an import does that leaves it out.

    Called by staff who may import. Nobody can register by it any more; a registered provider is
    treated as after an import. Records `roster_entry.removed`. Raises EntryChangedError.
    """
    entry = _hold(entry_id, seen)
    entry.removed_at = at
    entry.save(update_fields=["removed_at"])
    publish_entry(entry, former=entry_facts(entry))
    _record("removed", entry, by=by, at=at, data={"reason": reason})
    return entry


def _hold(entry_id: UUID, seen: str) -> RosterEntry:
    wait_for_swaps()
    entry = RosterEntry.objects.select_for_update().get(pk=entry_id)
    if entry.removed_at is not None or not constant_time_equal(version_of(entry), seen):
        raise EntryChangedError
    return entry


def _fill(entry: RosterEntry, row: RosterRow) -> None:
    for name in COLUMNS:
        setattr(entry, name, getattr(row, name))


def _record(
    verb: str, entry: RosterEntry, *, by: UUID, at: datetime, data: dict[str, object]
) -> None:
    record(
        f"roster_entry.{verb}",
        contract_id=require_contract().id,
        actor_id=by,
        subject=("roster_entry", entry.id),
        data=data,
        at=at,
    )
