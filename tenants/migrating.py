"""Migrations of the shared schema and of every contract's, by one deployer at a time.

Runs on the owner's login over a direct connection. A PostgreSQL advisory lock makes a second
deployer wait. What is done is recorded per migration, so that a killed run is taken up by the
next; a contract that fails does not stop the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from tenants import registry
from tenants.backend.sessions import open_session
from tenants.context import contract_context, schema_scope
from tenants.database_router import contract_labels, shared_labels
from tenants.models import Contract
from tenants.rights import grant_application

logger = logging.getLogger(__name__)

OWNER = "owner"
"""The alias of the owner's login."""
LOCK = 0x736368656D6173  # "schemas"


@dataclass(frozen=True)
class SchemaResult:
    """What became of one contract's schema."""

    slug: str
    applied: int = 0
    error: str = ""


@contextmanager
def deployer_lock(using: str = OWNER) -> Iterator[None]:
    """Hold the lock of whoever changes schemas; a second deployer waits here.

    The lock has a session of its own: it is let go when the process dies.
    """
    with open_session(using) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield


def migrate_shared(*, using: str = OWNER, verbosity: int = 1) -> None:
    """Migrate the shared schema and give the application its rights on it."""
    with contract_context(None):
        call_command("migrate", database=using, interactive=False, verbosity=verbosity)
        grant_application(connections[using], schema=None, labels=shared_labels())


def migrate_contracts(
    *,
    using: str = OWNER,
    workers: int = 4,
    report: Callable[[SchemaResult], None] | None = None,
) -> list[SchemaResult]:
    """Migrate each contract's schema, several at a time, and return what became of each.

    Contracts whose schema was never made are left to provisioning. `report` is called as each
    one is done.
    """
    with contract_context(None):
        waiting = list(Contract.objects.using(using).exclude(schema_migrations={}).order_by("slug"))
    results: list[SchemaResult] = []
    if waiting:
        with ThreadPoolExecutor(max_workers=max(1, min(workers, len(waiting)))) as pool:
            for result in pool.map(lambda contract: _migrate_one(contract, using), waiting):
                results.append(result)
                if report is not None:
                    report(result)
    if any(result.applied for result in results):
        registry.announce()
    return results


def _migrate_one(contract: Contract, using: str) -> SchemaResult:
    """Runs in a thread of its own, which has its own connections and no contract in hand."""
    try:
        return SchemaResult(contract.slug, migrate_schema(contract, using=using))
    except Exception as error:
        logger.exception("contract %s: its schema could not be migrated", contract.slug)
        return SchemaResult(contract.slug, error=str(error) or type(error).__name__)
    finally:
        connections.close_all()


def migrate_schema(contract: Contract, *, using: str = OWNER) -> int:
    """Bring one contract's schema up to this code's migrations; return how many were applied."""
    connection = connections[using]
    with schema_scope(contract.schema_name):
        applied = migrate_in_scope(using)
        level = schema_level(using)
        if applied:
            grant_application(connection, schema=contract.schema_name, labels=contract_labels())
    record_level(contract, level, using=using)
    return applied


def migrate_in_scope(using: str) -> int:
    """Apply the contract apps' migrations to the schema in hand; return how many were missing."""
    executor = MigrationExecutor(connections[using])
    executor.recorder.ensure_schema()
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] in contract_labels()]
    plan = executor.migration_plan(targets)
    executor.migrate(targets, plan=plan)
    return len(plan)


def schema_level(using: str) -> dict[str, str]:
    """Return the last migration of each contract app in the schema in hand."""
    applied = MigrationRecorder(connections[using]).applied_migrations()
    level: dict[str, str] = {}
    for label, name in applied:
        if label in contract_labels():
            level[label] = max(name, level.get(label, ""))
    return level


def record_level(contract: Contract, level: dict[str, str], *, using: str = OWNER) -> None:
    """Write on the contract's row what its schema has; the registry reads it from there."""
    if contract.schema_migrations == level:
        return
    with contract_context(None):
        Contract.objects.using(using).filter(pk=contract.pk).update(schema_migrations=level)
    contract.schema_migrations = level
