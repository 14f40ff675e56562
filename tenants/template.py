"""The text of a contract's schema: made once for a set of migrations, kept in the database.

A template schema is migrated in the ordinary way, read from the catalogue and dropped again. The
digest covers the migrations' sources and the server's version; new migrations make a new text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from tenants.catalogue import read_ddl
from tenants.context import contract_context, schema_scope
from tenants.database_router import contract_labels
from tenants.migrating import OWNER, deployer_lock, migrate_in_scope
from tenants.models import SchemaText

_READER_VERSION = "2"


@dataclass(frozen=True)
class SchemaTemplate:
    """What makes a contract's schema: statements, and what its migrations' record then says."""

    statements: tuple[str, ...]
    migrations: tuple[tuple[str, str], ...]
    tables: tuple[str, ...]
    level: dict[str, str]


_known: dict[str, SchemaTemplate] = {}


def get_template(using: str = OWNER) -> SchemaTemplate:
    """Return the text for this code's migrations: from memory, from the database, or made now.

    Takes the deployers' lock to make one; not to be called inside a transaction.
    """
    digest = template_digest(_server_version(using))
    template = _known.get(digest) or _stored(digest, using)
    if template is None:
        with deployer_lock(using):
            template = _stored(digest, using) or _make(digest, using)
    _known[digest] = template
    return template


def _server_version(using: str) -> int:
    connection = connections[using]
    connection.ensure_connection()
    return int(connection.connection.info.server_version)


@cache
def template_digest(server_version: int) -> str:
    """Return the digest of the contract apps' migrations, by source, for a server version."""
    digest = hashlib.sha256(f"{_READER_VERSION}:{server_version}".encode())
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        if config.label in contract_labels():
            package = import_module(f"{config.name}.migrations")
            for path in sorted(Path(str(package.__path__[0])).glob("[0-9]*.py")):
                digest.update(f"{config.label}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _stored(digest: str, using: str) -> SchemaTemplate | None:
    with contract_context(None):
        row = SchemaText.objects.using(using).filter(digest=digest).first()
    return _template_of(row.content) if row else None


def _template_of(content: Mapping[str, Sequence[Any]]) -> SchemaTemplate:
    migrations = tuple((str(key[0]), str(key[1])) for key in content["migrations"])
    level: dict[str, str] = {}
    for app, name in migrations:
        level[app] = max(name, level.get(app, ""))
    tables = tuple(str(name) for name in content["tables"])
    return SchemaTemplate(
        tuple(str(line) for line in content["statements"]), migrations, tables, level
    )


def _make(digest: str, using: str) -> SchemaTemplate:
    """Migrate a schema, read it, drop it. Runs under the lock; a killed run's one is dropped."""
    connection = connections[using]
    schema = f"portal_template_{digest[:16]}"
    name = sql.Identifier(schema)
    with contract_context(None), connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        try:
            with schema_scope(schema):
                migrate_in_scope(using)
                migrations = sorted(MigrationRecorder(connection).applied_migrations())
                tables = sorted(connection.introspection.table_names(cursor))
            statements = read_ddl(connection, schema)
        finally:
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        content: dict[str, list[Any]] = {
            "statements": statements,
            "migrations": [list(key) for key in migrations],
            "tables": tables,
        }
        SchemaText.objects.using(using).update_or_create(
            digest=digest, defaults={"content": content}
        )
    return _template_of(content)
