"""Make a contract's schema: complete or not at all, once, whoever else is at it.

The whole schema is made in one transaction of the owner's, so a killed process leaves nothing
behind. A second deployer waits for the first and then finds the work done.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from core.common.clock import now
from core.common.ids import uuid7
from tenants.context import contract_context, schema_scope
from tenants.database_router import contract_labels
from tenants.errors import TenancyError
from tenants.identity.models import SchemaIdentity
from tenants.migrating import LOCK, OWNER, migrate_schema, record_level
from tenants.models import Contract
from tenants.rights import application_role, grant_statements
from tenants.schema_level import is_behind
from tenants.template import SchemaTemplate, get_template


class ProvisioningError(TenancyError):
    """A contract's schema cannot be made, because something of somebody else is in its place."""


def ensure_schema(contract: Contract) -> None:
    """Make a contract's schema, or see that it is there, is its own, and is up to date.

    Called outside a transaction. Doing it again changes nothing. Raises ProvisioningError where
    the schema holds the data of another contract, or data of nobody known.
    """
    if OWNER not in connections.settings:
        raise ImproperlyConfigured("Provisioning needs the owner's login: DATABASE_OWNER_URL.")
    template = get_template()
    connection = connections[OWNER]
    with contract_context(None):
        with transaction.atomic(using=OWNER):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            found = _find_owner(connection, contract.schema_name)
            if found is None:
                _remove_remains(connection, contract.schema_name)
                _make(connection, contract, template)
            elif found != contract.id:
                raise ProvisioningError(f"{contract.schema_name} belongs to contract {found}.")
        if found is not None and is_behind(_recorded(contract)):
            migrate_schema(contract)
        elif found is None:
            record_level(contract, template.level, using="default")


def _recorded(contract: Contract) -> dict[str, str]:
    level: dict[str, str] = contract.schema_migrations
    return level


def _find_owner(connection: BaseDatabaseWrapper, schema: str) -> UUID | None:
    """Return the contract whose schema it is; None: there is none, or no identity in it."""
    table = SchemaIdentity._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = %s", [schema, table]
        )
        if cursor.fetchone() is None:
            return None
        name = sql.Identifier(schema, table)
        cursor.execute(sql.SQL("SELECT contract_id FROM {}").format(name))
        row = cursor.fetchone()
    return row[0] if row else None


def _remove_remains(connection: BaseDatabaseWrapper, schema: str) -> None:
    """Drop a schema without an identity row: what some other tool's killed run left.

    Raises ProvisioningError when a table in it holds a row.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", [schema])
        row = cursor.fetchone()
        if row is not None:
            _refuse_rows(cursor, schema, row[0])
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def _refuse_rows(cursor: Any, schema: str, oid: int) -> None:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = %s AND relkind = 'r' "
        "AND relname <> 'django_migrations'",
        [oid],
    )
    for (table,) in cursor.fetchall():
        name = sql.Identifier(schema, table)
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name))
        if cursor.fetchone()[0]:
            raise ProvisioningError(
                f"{schema} has no identity row, but {table} holds data: nothing was touched."
            )


def _make(connection: BaseDatabaseWrapper, contract: Contract, template: SchemaTemplate) -> None:
    """Send the whole schema as one text: one way to the server and back instead of hundreds."""
    schema = sql.Identifier(contract.schema_name)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    statements = [sql.SQL(line) for line in template.statements]
    names = {"schema": schema, "role": sql.Identifier(application_role())}
    rights = [
        sql.SQL(line).format(**names)
        for line in grant_statements(contract_labels(), template.tables)
    ]
    text = sql.SQL(";\n").join([*statements, _record(template), _identity(contract), *rights])
    with schema_scope(contract.schema_name), connection.cursor() as cursor:
        cursor.execute(text.as_string(None))


def _record(template: SchemaTemplate) -> sql.Composable:
    moment = now()
    rows = sql.SQL(", ").join(
        sql.SQL("({}, {}, {})").format(app, name, moment) for app, name in template.migrations
    )
    return sql.SQL("INSERT INTO django_migrations (app, name, applied) VALUES {}").format(rows)


def _identity(contract: Contract) -> sql.Composable:
    table = sql.Identifier(SchemaIdentity._meta.db_table)
    return sql.SQL(
        "INSERT INTO {} (id, contract_id, schema_name, only_row, made_at)"
        " VALUES ({}, {}, {}, true, {})"
    ).format(table, uuid7(), contract.id, contract.schema_name, now())
