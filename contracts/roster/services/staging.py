"""The staging table of an import: filled by COPY, searched for duplicates, compared.

The statements work on whole tables: a million rows are looked at by the database, and none of them
is held here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from psycopg import sql

from contracts.registration.rules import EntryFacts
from contracts.roster.columns import COLUMNS
from contracts.roster.models import RosterEntry
from contracts.roster.plain import Staged
from core.common.crypto import keyed_digest, seal, unseal
from core.common.identifiers import IdentifierType
from core.common.ids import uuid7_text

_SEAL: Final = "roster.staged-code"


def _columns(prefix: str = "") -> sql.Composed:
    names = [sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in COLUMNS]
    return sql.SQL(", ").join(names)


def _after(column: str) -> sql.Composed:
    """Return a column as it becomes; an entry that is removed keeps its own."""
    return sql.SQL("CASE WHEN fresh.id IS NULL THEN kept.{name} ELSE fresh.{name} END").format(
        name=sql.Identifier(column)
    )


def _former(column: str) -> sql.Composed:
    """Return what `before` says of a column: its former text where it becomes another."""
    return sql.SQL(
        "{name}, CASE WHEN kept.{column} IS DISTINCT FROM fresh.{column} "
        "THEN coalesce(kept.{column}::text, '') END"
    ).format(name=sql.Literal(column), column=sql.Identifier(column))


def _as_before(column: str) -> sql.Composed:
    """Return how a column gets back what `before` says of it, in the column's own type."""
    field = RosterEntry._meta.get_field(column)
    text = "nullif(done.before->>{name}, '')" if field.null else "done.before->>{name}"
    return sql.SQL(
        "{column} = CASE WHEN done.before ? {name} THEN {former}::{kind} ELSE now.{column} END"
    ).format(
        column=sql.Identifier(column),
        name=sql.Literal(column),
        former=sql.SQL(text).format(name=sql.Literal(column)),
        kind=sql.SQL(str(field.db_type(connection))),
    )


_STAGED: Final = sql.SQL("row, id, unit_key, {fields}, code_mark, code_sealed").format(
    fields=_columns()
)
_MAKE: Final = sql.SQL(
    "CREATE TEMPORARY TABLE roster_staging ON COMMIT DROP AS "
    "SELECT 0 AS row, id, unit_key, {fields}, NULL::bytea AS code_mark, "
    "NULL::bytea AS code_sealed FROM contracts_roster_rosterentry WITH NO DATA"
).format(fields=_columns())
_FILL: Final = sql.SQL("COPY roster_staging ({staged}) FROM STDIN").format(staged=_STAGED)
_DUPLICATES: Final = (
    "SELECT fresh.row, first.row FROM roster_staging fresh JOIN (SELECT {key}, min(row) AS row "
    "FROM roster_staging WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1) first "
    "USING ({key}) WHERE fresh.row <> first.row ORDER BY fresh.row"
)
_MARK: Final = (
    "SELECT count(*) || ':' || coalesce(bit_xor(hashtextextended("
    "id::text || xmin::text || ctid::text, 0)), 0) FROM contracts_roster_rosterentry"
)
_COMPARE: Final = sql.SQL(
    "INSERT INTO contracts_roster_rosterchange (changes, kind, entry, unit_key, before, {fields}) "
    "SELECT %s, CASE WHEN kept.id IS NULL THEN 'added' WHEN fresh.id IS NULL THEN 'removed' "
    "WHEN kept.removed_at IS NOT NULL THEN 'returned' ELSE 'changed' END, "
    "coalesce(kept.id, fresh.id), coalesce(kept.unit_key, fresh.unit_key), "
    "CASE WHEN kept.id IS NOT NULL AND fresh.id IS NOT NULL "
    "THEN jsonb_strip_nulls(jsonb_build_object({former})) END, {after} "
    "FROM roster_staging fresh FULL JOIN contracts_roster_rosterentry kept USING (unit_key) "
    "WHERE kept.id IS NULL OR (fresh.id IS NULL AND kept.removed_at IS NULL) OR (fresh.id IS NOT "
    "NULL AND ({kept}, kept.removed_at) IS DISTINCT FROM ({fresh}, NULL::timestamptz))"
).format(
    fields=_columns(),
    fresh=_columns("fresh"),
    kept=_columns("kept"),
    former=sql.SQL(", ").join(_former(column) for column in COLUMNS),
    after=sql.SQL(", ").join(_after(column) for column in COLUMNS),
)
_COUNT: Final = (
    "SELECT kind, count(*) FROM contracts_roster_rosterchange WHERE changes = %s GROUP BY kind"
)
_COUNT_SHORTENED: Final = (
    "SELECT count(*) FROM contracts_roster_rosterentry kept JOIN roster_staging fresh "
    "USING (unit_key) WHERE kept.code <> fresh.code AND fresh.code <> '' "
    "AND ltrim(kept.code, '0') = fresh.code"
)
_CODES: Final = (
    "SELECT fresh.row, coalesce(kept.id, fresh.id), fresh.identifier, fresh.identifier_type, "
    "fresh.code_sealed FROM roster_staging fresh "
    "LEFT JOIN contracts_roster_rosterentry kept USING (unit_key) "
    "WHERE fresh.code_sealed IS NOT NULL AND fresh.row > %s ORDER BY fresh.row LIMIT %s"
)


_STAGE_PRESENT: Final = sql.SQL(
    "INSERT INTO roster_staging (row, id, unit_key, {fields}) SELECT 0, id, unit_key, {fields} "
    "FROM contracts_roster_rosterentry WHERE removed_at IS NULL"
).format(fields=_columns())
_UNDO_ADDED: Final = (
    "DELETE FROM roster_staging now USING contracts_roster_rosterchange done "
    "WHERE done.changes = %s AND done.kind IN ('added', 'returned') AND now.id = done.entry"
)
_UNDO_CHANGED: Final = sql.SQL(
    "UPDATE roster_staging now SET {fields} FROM contracts_roster_rosterchange done "
    "WHERE done.changes = %s AND done.kind = 'changed' AND now.id = done.entry"
).format(fields=sql.SQL(", ").join(_as_before(column) for column in COLUMNS))
_UNDO_REMOVED: Final = sql.SQL(
    "INSERT INTO roster_staging (row, id, unit_key, {fields}) SELECT 0, entry, unit_key, {fields} "
    "FROM contracts_roster_rosterchange WHERE changes = %s AND kind = 'removed' "
    "ON CONFLICT (unit_key) DO NOTHING"
).format(fields=_columns())


@dataclass(frozen=True)
class Difference:
    """What an import changes, in entries. Those that come back count as changed."""

    added: int
    changed: int
    removed: int

    @property
    def total(self) -> int:
        """Return how many entries are touched."""
        return self.added + self.changed + self.removed


def hold_rosters(contract_id: UUID) -> None:
    """Let imports of one contract wait for one another, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"roster:{contract_id}"]
        )


def hold_entries() -> None:
    """Let nobody else write an entry until the transaction ends; reading goes on."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE contracts_roster_rosterentry IN SHARE ROW EXCLUSIVE MODE")


def wait_for_swaps() -> None:
    """Wait for who holds the entries, before any of them is locked; who comes later waits for us.

    Called by who is going to write some. A row that is locked first would be waited for by a swap
    that is waited for itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE contracts_roster_rosterentry IN ROW EXCLUSIVE MODE")


def roster_mark() -> str:
    """Return what tells two states of the roster apart, whoever changed it and how.

    Each write of a row moves it and leaves its transaction's number: a digest over both, of all
    rows, is another one after any change (about a second for a million entries). Taken before a
    difference is made: what is written in between is then found to be new.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        return str(cursor.fetchone()[0])


class Staging:
    """The temporary table of one import, on the connection of its transaction."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def write(self, lines: Sequence[str]) -> None:
        """Send rows as `staged_line` makes them."""
        with self._cursor.copy(_FILL) as copy:
            copy.write("".join(lines))

    def stage_present(self) -> int:
        """Put the present roster into the table; returns how many entries that are."""
        self._cursor.execute(_STAGE_PRESENT)
        self._cursor.execute("CREATE UNIQUE INDEX ON roster_staging (unit_key)")
        self._cursor.execute("ANALYZE roster_staging")
        return self.count()

    def undo(self, changes: UUID) -> None:
        """Take a set of changes back in the table: the newest one first."""
        for statement in (_UNDO_ADDED, _UNDO_CHANGED, _UNDO_REMOVED):
            self._cursor.execute(statement, [changes])

    def count(self) -> int:
        """Count the rows."""
        self._cursor.execute("SELECT count(*) FROM roster_staging")
        return int(self._cursor.fetchone()[0])

    def find_duplicates(self, most: int) -> list[tuple[int, int]]:
        """Return (row, first row) of those that name the same entry; none makes it comparable."""
        try:
            with transaction.atomic():
                self._cursor.execute("CREATE UNIQUE INDEX ON roster_staging (unit_key)")
        except IntegrityError:
            return self._pairs("unit_key", most)
        self._cursor.execute("ANALYZE roster_staging")
        return []

    def find_duplicate_codes(self, most: int) -> list[tuple[int, int]]:
        """Return (row, first row) of those that bring the same secret code along."""
        return self._pairs("code_mark", most)

    def compare(self, changes: UUID) -> Difference:
        """Write down what the table changes in the present roster, as a set of changes."""
        self._cursor.execute(_COMPARE, [changes])
        return count_changes(changes)

    def shortened_codes(self) -> int:
        """Count the codes that are those of the present roster without their leading zeros."""
        self._cursor.execute(_COUNT_SHORTENED)
        return int(self._cursor.fetchone()[0])

    def codes(self, *, at_once: int) -> Iterator[list[tuple[EntryFacts, str]]]:
        """Yield the secret codes that the rows bring along, each with whose it is."""
        after = 0
        while True:
            self._cursor.execute(_CODES, [after, at_once])
            found = self._cursor.fetchall()
            if not found:
                return
            yield [
                (EntryFacts(key, number, IdentifierType(kind)), _opened(sealed))
                for _, key, number, kind, sealed in found
            ]
            after = found[-1][0]

    def _pairs(self, key: str, most: int) -> list[tuple[int, int]]:
        self._cursor.execute(f"{_DUPLICATES.format(key=key)} LIMIT {int(most)}")
        return [(int(row), int(first)) for row, first in self._cursor.fetchall()]


@contextmanager
def staging() -> Iterator[Staging]:
    """Make the staging table, for a `with` block inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        yield Staging(cursor)
        cursor.execute("DROP TABLE roster_staging")


def count_changes(changes: UUID) -> Difference:
    """Count the changes of a set."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [changes])
        counts = dict(cursor.fetchall())
    return Difference(
        added=counts.get("added", 0),
        changed=counts.get("changed", 0) + counts.get("returned", 0),
        removed=counts.get("removed", 0),
    )


def count_present() -> int:
    """Count the entries that are on the roster."""
    return RosterEntry.objects.filter(removed_at=None).count()


def _opened(sealed: memoryview) -> str:
    return unseal(_SEAL, bytes(sealed)).decode()


def plain_line(number: int, row: Staged) -> str:
    """Return a plain row as COPY reads it: no value of it has a sign that means something else.

    With its number in the file and the id of a new entry.
    """
    values = "\t".join([_NULL if value is None else value for value in row])
    return f"{number}\t{uuid7_text()}\t{values}\t{_NULL}\t{_NULL}\n"


def staged_line(number: int, row: Staged, code: str = "") -> str:
    """Return any row as COPY reads it.

    A secret code that it brings along is sealed, beside a digest that finds the same one again.
    """
    mark = f"\\\\x{keyed_digest(_SEAL, code).hex()}" if code else _NULL
    sealed = f"\\\\x{seal(_SEAL, code.encode()).hex()}" if code else _NULL
    values = "\t".join([_NULL if value is None else value.translate(_ESCAPED) for value in row])
    return f"{number}\t{uuid7_text()}\t{values}\t{mark}\t{sealed}\n"


_NULL: Final = "\\N"
_ESCAPED: Final = {ord(sign): f"\\{name}" for sign, name in zip("\\\t\n\r", "\\tnr", strict=True)}
