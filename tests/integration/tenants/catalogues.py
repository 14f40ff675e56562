"""A schema as PostgreSQL describes it, to be compared with another one.

Written apart from tenants.catalogue on purpose: a reader that overlooks something must not be
compared with itself.
"""

import re
from typing import Any

from django.db import connections

from tenants.context import contract_context

_QUERIES = {
    "relations": """
        SELECT c.relname, c.relkind, c.relpersistence, c.relnatts, c.relhastriggers, c.relacl::text,
               obj_description(c.oid, 'pg_class'), c.reloptions::text, c.relreplident
          FROM pg_class c WHERE c.relnamespace = %(oid)s""",
    "columns": """
        SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.atthasdef, a.attidentity, a.attgenerated, a.attcollation::regcollation::text,
               a.attstorage, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
         WHERE c.relnamespace = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT c.relname, k.conname, k.contype, k.condeferrable, k.condeferred, k.convalidated,
               pg_get_constraintdef(k.oid)
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.connamespace = %(oid)s""",
    "indexes": """
        SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisprimary,
               i.indisvalid, i.indimmediate, i.indnullsnotdistinct
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relnamespace = %(oid)s""",
    "triggers": """
        SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %(oid)s AND NOT t.tgisinternal""",
    "functions": """
        SELECT p.proname, pg_get_functiondef(p.oid), p.proacl::text
          FROM pg_proc p WHERE p.pronamespace = %(oid)s AND p.prokind = 'f'""",
    "sequences": """
        SELECT c.relname, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmax,
               s.seqmin, s.seqcache, s.seqcycle
          FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
         WHERE c.relnamespace = %(oid)s""",
    "rest": """
        SELECT t.typname FROM pg_type t
         WHERE t.typnamespace = %(oid)s AND t.typrelid = 0 AND t.typelem = 0""",
}


def describe(schema: str) -> dict[str, list[str]]:
    """Return all that a schema holds, its own name taken out, ready to be compared."""
    with contract_context(None), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", [schema])
        oid = cursor.fetchone()[0]
        found: dict[str, list[str]] = {}
        for kind, query in _QUERIES.items():
            cursor.execute(query, {"oid": oid})
            found[kind] = sorted(_line(row, schema) for row in cursor.fetchall())
    return found


def _line(row: tuple[Any, ...], schema: str) -> str:
    return settled(repr(row).replace(f"{schema}.", ""))


_CAST_AS_A_WHOLE = re.compile(r"\(ARRAY\[([^\]]*)\]\)::text\[\]")


def settled(text: str) -> str:
    """Return a definition as PostgreSQL prints it from the second time on.

    A list of texts is printed with one cast around it; read back, each item is cast by itself.
    Both mean the same, and pg_dump changes it in the same way.
    """

    def each(found: re.Match[str]) -> str:
        return "ARRAY[" + ", ".join(f"({item})::text" for item in found[1].split(", ")) + "]"

    return _CAST_AS_A_WHOLE.sub(each, text)


def migration_rows(schema: str) -> set[tuple[str, str]]:
    """Return what a schema's own record of migrations says."""
    with contract_context(None), connections["owner"].cursor() as cursor:
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations')
        return set(cursor.fetchall())


def schema_exists(schema: str) -> bool:
    """Return whether there is such a schema."""
    with contract_context(None), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        return cursor.fetchone() is not None


def run_as_owner(statement: str, schema: str | None = None) -> None:
    """Run a statement with the owner's login, in a schema alone or in the shared one."""
    from tenants.context import schema_scope

    with (
        schema_scope(schema) if schema else contract_context(None),
        connections["owner"].cursor() as cursor,
    ):
        cursor.execute(statement)
