"""The staging table of an import: filled by COPY, compared with the roster, swapped in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from psycopg import sql

from contracts.roster.columns import COLUMNS
from contracts.roster.rows import RosterRow
from core.common.ids import uuid7


def _columns(prefix: str = "") -> sql.Composed:
    names = [sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in COLUMNS]
    return sql.SQL(", ").join(names)


_MAKE: Final = sql.SQL(
    "CREATE TEMPORARY TABLE roster_staging ON COMMIT DROP AS "
    "SELECT id, unit_key, {fields} FROM contracts_roster_rosterentry WITH NO DATA"
).format(fields=_columns())
_FILL: Final = sql.SQL("COPY roster_staging (id, unit_key, {fields}) FROM STDIN").format(
    fields=_columns()
)
_DIFFERS: Final = sql.SQL(
    "kept.unit_key = fresh.unit_key"
    " AND ({kept}, kept.removed_at) IS DISTINCT FROM ({fresh}, NULL::timestamptz)"
).format(kept=_columns("kept"), fresh=_columns("fresh"))
_UPDATE: Final = sql.SQL(
    "UPDATE contracts_roster_rosterentry kept SET ({fields}, removed_at) = ROW({fresh}, NULL) "
    "FROM roster_staging fresh WHERE {differs}"
).format(fields=_columns(), fresh=_columns("fresh"), differs=_DIFFERS)
_INSERT: Final = sql.SQL(
    "INSERT INTO contracts_roster_rosterentry (id, unit_key, {fields}) "
    "SELECT id, unit_key, {fields} FROM roster_staging ON CONFLICT (unit_key) DO NOTHING"
).format(fields=_columns())
_REMOVE: Final = (
    "UPDATE contracts_roster_rosterentry kept SET removed_at = %s WHERE removed_at IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM roster_staging fresh WHERE fresh.unit_key = kept.unit_key)"
)
_COUNT_ADDED: Final = (
    "SELECT count(*) FROM roster_staging fresh WHERE NOT EXISTS (SELECT 1 "
    "FROM contracts_roster_rosterentry kept WHERE kept.unit_key = fresh.unit_key)"
)
_COUNT_CHANGED: Final = sql.SQL(
    "SELECT count(*) FROM contracts_roster_rosterentry kept, roster_staging fresh WHERE {differs}"
).format(differs=_DIFFERS)
_COUNT_REMOVED: Final = (
    "SELECT count(*) FROM contracts_roster_rosterentry kept WHERE removed_at IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM roster_staging fresh WHERE fresh.unit_key = kept.unit_key)"
)
_COUNT_SHORTENED: Final = (
    "SELECT count(*) FROM contracts_roster_rosterentry kept JOIN roster_staging fresh "
    "USING (unit_key) WHERE kept.code <> fresh.code AND fresh.code <> '' "
    "AND ltrim(kept.code, '0') = fresh.code"
)


@dataclass(frozen=True)
class Difference:
    """What an import changes, in entries."""

    added: int
    changed: int
    removed: int


class Staging:
    """The temporary table of one import, on the connection of its transaction."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    @contextmanager
    def filling(self) -> Iterator["StagingWriter"]:
        """Open a COPY into the table for a `with` block; no other statement may run inside."""
        with self._cursor.copy(_FILL) as copy:
            yield StagingWriter(copy)

    def difference(self) -> Difference:
        """Compare with the present roster."""
        self._cursor.execute("CREATE UNIQUE INDEX ON roster_staging (unit_key)")
        self._cursor.execute("ANALYZE roster_staging")
        return Difference(
            added=self._count(_COUNT_ADDED),
            changed=self._count(_COUNT_CHANGED),
            removed=self._count(_COUNT_REMOVED),
        )

    def shortened_codes(self) -> int:
        """Count the codes that are those of the present roster without their leading zeros."""
        return self._count(_COUNT_SHORTENED)

    def swap(self, at: datetime) -> None:
        """Make the roster what the table says. Entries that stay keep their ids."""
        self._cursor.execute(_UPDATE)
        self._cursor.execute(_INSERT)
        self._cursor.execute(_REMOVE, [at])

    def _count(self, query: str | sql.Composed) -> int:
        self._cursor.execute(query)
        return int(self._cursor.fetchone()[0])


class StagingWriter:
    """Writes rows into an open COPY."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy

    def write(self, row: RosterRow) -> None:
        """Send one row, with the id it will have if it is new."""
        self._copy.write_row((uuid7(), row.unit_key, *_values(row)))


@contextmanager
def staging(contract_id: UUID) -> Iterator[Staging]:
    """Make the staging table, for a `with` block inside a transaction.

    Imports of one contract wait for one another; those of others do not.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"roster:{contract_id}"]
        )
        cursor.execute(_MAKE)
        yield Staging(cursor)
        cursor.execute("DROP TABLE roster_staging")


def _values(row: RosterRow) -> Sequence[object]:
    return [getattr(row, name) for name in COLUMNS]
