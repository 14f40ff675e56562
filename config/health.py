"""`/healthz`: the process answers. `/readyz`: it can do its work."""

import logging
from collections.abc import Callable, Mapping
from functools import cache as once

from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse

from config.celery import app
from tenants.identity.probe import check_shared_identity

logger = logging.getLogger(__name__)
MigrationName = tuple[str, str]


def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; touches nothing else."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether database, cache, broker, migrations and schema identity are as they must be.

    Answers 503 with the names of the parts that failed, and nothing of the inside.
    """
    results = {name: _passes(name, check) for name, check in _CHECKS.items()}
    return JsonResponse(
        {"status": "ok" if all(results.values()) else "unavailable", "checks": results},
        status=200 if all(results.values()) else 503,
    )


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:
        logger.warning("readiness check failed: %s", name, exc_info=True)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    cache.get("readyz")


def _broker() -> None:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


def _migrations() -> None:
    applied = MigrationRecorder(connection).applied_migrations().keys()
    missing = [
        name
        for name, replaces in _migrations_of_the_code().items()
        if name not in applied and not (replaces and applied >= replaces)
    ]
    if missing:
        raise RuntimeError(f"migrations of the shared schema are missing: {missing}")


@once
def _migrations_of_the_code() -> Mapping[MigrationName, frozenset[MigrationName]]:
    """Every migration, with those that it replaces: read once, the code stays while we run."""
    loader = MigrationLoader(None)
    return {
        name: frozenset((app, replaced) for app, replaced in loader.disk_migrations[name].replaces)
        for name in loader.graph.nodes
    }


_CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "migrations": _migrations,
    "identity": check_shared_identity,
}
