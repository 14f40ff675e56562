"""A schema as the text that makes it again, read from PostgreSQL's catalogue.

Neither `LIKE` (which loses foreign keys and names) nor pg_dump (which a web machine need not
have). What the reader does not know it refuses, so that nothing is lost in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.context import schema_scope
from tenants.errors import TenancyError


class UnknownObjectError(TenancyError):
    """A migrated schema holds something that this reader cannot write down."""


@dataclass(frozen=True)
class Column:
    """One column as CREATE TABLE writes it."""

    name: str
    type: str
    collation: str | None
    not_null: str | None
    """Name of the NOT NULL constraint; empty before PostgreSQL 18, None for a nullable column."""
    default: str | None
    identity: str
    generated: str
    sequence: str | None

    def definition(self) -> str:
        """Return the column's line."""
        parts = [self.name, self.type]
        if self.collation:
            parts.append(f"COLLATE {self.collation}")
        if self.generated:
            parts.append(f"GENERATED ALWAYS AS ({self.default}) {_GENERATED[self.generated]}")
        elif self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        if self.not_null is not None:
            parts.append(f"CONSTRAINT {self.not_null} NOT NULL" if self.not_null else "NOT NULL")
        if self.identity:
            when = _IDENTITY[self.identity]
            parts.append(f"GENERATED {when} AS IDENTITY (SEQUENCE NAME {self.sequence})")
        return " ".join(parts)


_IDENTITY = {"a": "ALWAYS", "d": "BY DEFAULT"}
_GENERATED = {"s": "STORED", "v": "VIRTUAL"}

_UNKNOWN = """
SELECT 'relation ' || c.relname FROM pg_class c
 WHERE c.relnamespace = %(oid)s AND (
       c.relkind NOT IN ('r', 'i', 'S') OR c.relispartition OR c.relrowsecurity
    OR c.reloptions IS NOT NULL OR c.relpersistence <> 'p' OR c.relhasrules
    OR (c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid))
    OR (c.relkind = 'S' AND NOT EXISTS (
            SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')))
UNION ALL
SELECT 'type ' || t.typname FROM pg_type t
 WHERE t.typnamespace = %(oid)s AND t.typrelid = 0 AND t.typelem = 0
UNION ALL
SELECT 'aggregate ' || p.proname FROM pg_proc p
 WHERE p.pronamespace = %(oid)s AND p.prokind NOT IN ('f', 'p')
UNION ALL
SELECT 'statistics ' || s.stxname FROM pg_statistic_ext s WHERE s.stxnamespace = %(oid)s
"""
_TABLES = """
SELECT oid, quote_ident(relname), obj_description(oid, 'pg_class')
  FROM pg_class WHERE relnamespace = %(oid)s AND relkind = 'r' ORDER BY relname
"""
_COLUMNS = """
SELECT a.attrelid, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
       CASE WHEN a.attnotnull THEN coalesce((
           SELECT quote_ident(n.conname) FROM pg_constraint n
            WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum]), '')
       END,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
       (SELECT quote_ident(s.relname) FROM pg_depend p JOIN pg_class s ON s.oid = p.objid
         WHERE p.refobjid = a.attrelid AND p.refobjsubid = a.attnum
           AND p.deptype = 'i' AND s.relkind = 'S'),
       col_description(a.attrelid, a.attnum)
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = %(oid)s AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
SELECT quote_ident(c.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
 WHERE k.connamespace = %(oid)s AND k.contype IN ('p', 'u', 'c', 'x', 'f')
 ORDER BY k.contype = 'f', c.relname, k.conname
"""
_INDEXES = """
SELECT pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE c.relnamespace = %(oid)s
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                      AND k.contype IN ('p', 'u', 'x'))
 ORDER BY c.relname
"""
_FUNCTIONS = """
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %(oid)s ORDER BY proname, oid
"""
_TRIGGERS = """
SELECT pg_get_triggerdef(t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = %(oid)s AND NOT t.tgisinternal ORDER BY c.relname, t.tgname
"""


def read_ddl(connection: BaseDatabaseWrapper, schema: str) -> list[str]:
    """Return the statements that make a schema's objects again, without naming the schema.

    They are run with another schema alone on the path. Raises UnknownObjectError for objects
    of a kind that this reader does not write down.
    """
    with schema_scope(schema), connection.cursor() as cursor:
        reader = _Reader(cursor, schema)
        reader.refuse_unknown()
        statements = [
            *reader.tables(),
            *reader.constraints(),
            *reader.texts(_INDEXES),
            *reader.texts(_FUNCTIONS),
            *reader.texts(_TRIGGERS),
        ]
    # Definitions of indexes, functions and triggers name the schema even when it is on the path.
    return [statement.replace(f"{schema}.", "") for statement in statements]


class _Reader:
    def __init__(self, cursor: Any, schema: str) -> None:
        self._cursor = cursor
        cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", [schema])
        self._oid = cursor.fetchone()[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(query, {"oid": self._oid})
        return list(self._cursor.fetchall())

    def texts(self, query: str) -> list[str]:
        return [str(row[0]) for row in self.rows(query)]

    def refuse_unknown(self) -> None:
        unknown = self.texts(_UNKNOWN)
        if unknown:
            raise UnknownObjectError(
                f"A contract's schema cannot be made from its catalogue: {', '.join(unknown)}"
            )

    def tables(self) -> list[str]:
        columns: dict[int, list[str]] = {}
        comments: list[tuple[int, str, str]] = []
        for table, *fields, comment in self.rows(_COLUMNS):
            column = Column(*fields)
            columns.setdefault(table, []).append(column.definition())
            if comment is not None:
                comments.append((table, column.name, comment))
        statements = []
        names: dict[int, str] = {}
        for oid, name, comment in self.rows(_TABLES):
            names[oid] = name
            lines = ",\n  ".join(columns.get(oid, ()))
            statements.append(f"CREATE TABLE {name} (\n  {lines}\n)")
            if comment is not None:
                statements.append(f"COMMENT ON TABLE {name} IS {_literal(comment)}")
        for oid, column_name, comment in comments:
            statements.append(
                f"COMMENT ON COLUMN {names[oid]}.{column_name} IS {_literal(comment)}"
            )
        return statements

    def constraints(self) -> list[str]:
        return [
            f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
            for table, name, definition in self.rows(_CONSTRAINTS)
        ]


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
