"""Does each statement reach the schema that it was meant for? Asked of the database itself.

At start-up and each night: the shared path shows no contract's tables, each contract's path shows
that contract's identity row, and two sessions keep two paths apart. A pooler that hands one
server session to several clients fails the last one; what decides is what it does, not its
version.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from contextlib import ExitStack

import psycopg
from django.db import connection
from psycopg import sql

from tenants import registry
from tenants.backend.base import SHARED_SCHEMA
from tenants.backend.sessions import open_session
from tenants.context import ActiveContract, contract_context
from tenants.errors import TenancyError
from tenants.identity.models import SchemaIdentity

Connect = Callable[[], psycopg.Connection]


class MixedSchemasError(TenancyError):
    """Statements reach another schema than the one they were meant for."""


def check_shared_identity() -> None:
    """See that statements without a contract reach the shared schema. Raises MixedSchemasError."""
    with contract_context(None), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_schema(), to_regclass(%s) IS NULL, to_regclass(%s) IS NOT NULL",
            [SchemaIdentity._meta.db_table, "tenants_contract"],
        )
        schema, hides_contracts, shows_shared = cursor.fetchone()
    if schema != SHARED_SCHEMA or not hides_contracts or not shows_shared:
        raise MixedSchemasError(f"Statements without a contract reach the schema {schema}.")


def check_contract_identity(contract: ActiveContract) -> None:
    """See that statements in a contract reach that contract's data. Raises MixedSchemasError."""
    with contract_context(contract):
        rows = list(SchemaIdentity.objects.values_list("contract_id", "schema_name"))
    if rows != [(contract.id, contract.schema_name)]:
        raise MixedSchemasError(f"Statements in {contract.slug} reach the identity {rows}.")


def check_pooler(connect: Connect = open_session, *, rounds: int = 3) -> None:
    """See that two sessions keep two search paths apart. Raises MixedSchemasError.

    Two clients each set a path and ask for it in turns, outside transactions and around each
    other's. A pooler that gives both the same server session answers one with the other's path.
    """
    with ExitStack() as stack:
        clients = [stack.enter_context(connect()) for _ in range(2)]
        expected = [f"probe_{secrets.token_hex(6)}" for _ in clients]
        for client, path in zip(clients, expected, strict=True):
            client.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(path)))
        for _ in range(rounds):
            found = [_ask(client) for client in clients]
            found += list(reversed([_ask(client) for client in reversed(clients)]))
            if found != expected * 2:
                raise MixedSchemasError(
                    "Two database sessions share one search path: a pooler stands between that "
                    "does not track it. Use session pooling, or PgBouncer with "
                    "track_extra_parameters = search_path on PostgreSQL 18."
                )


def _ask(client: psycopg.Connection) -> str:
    row = client.execute("SHOW search_path").fetchone()
    return str(row[0]) if row else ""


def check_everything(contracts: Iterable[ActiveContract] | None = None) -> None:
    """Run all checks, over every ready contract by default. Raises MixedSchemasError."""
    check_pooler()
    check_shared_identity()
    for contract in registry.list_contracts() if contracts is None else contracts:
        check_contract_identity(contract)
