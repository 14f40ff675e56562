"""`/readyz` looks at what can change, and at nothing else."""

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from config import health

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


def readyz() -> tuple[int, dict[str, bool]]:
    response = Client().get("/readyz")
    return response.status_code, response.json()["checks"]


def test_migrations_are_read_from_the_disk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    health._migrations_of_the_code.cache_clear()
    read: list[int] = []
    load = MigrationLoader.load_disk

    def count(loader: MigrationLoader) -> None:
        read.append(1)
        load(loader)

    monkeypatch.setattr(MigrationLoader, "load_disk", count)
    assert [readyz()[1]["migrations"] for _ in range(3)] == [True, True, True]
    assert len(read) == 1


def test_a_migration_that_is_missing_is_seen_at_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert readyz()[1]["migrations"]
    applied = MigrationRecorder(connections["default"]).applied_migrations()
    applied.pop(("tenants", "0003_schema_text"))
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self: applied)
    status, checks = readyz()
    assert status == 503
    assert not checks["migrations"]
