"""Events of two contracts and of none, a folder for heads, and ways around what protects them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.db.models import Exists, OuterRef
from pytest_django.fixtures import Settings

from core.audit.heads.keeping import Keeper
from core.audit.heads.stores import HeadStore, head_store
from core.audit.models import AuditEvent, AuditSeal
from core.audit.recording import Happening, record_all
from core.audit.sealing import seal_events
from core.audit.verifying import Verdict, verify_chain
from core.common import clock
from core.common.ids import uuid7
from tests.support.processes import wait_for

ONE, OTHER = uuid7(), uuid7()


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> HeadStore:
    """Return a store of heads in a folder."""
    settings.AUDIT_HEADS_FOLDER = str(tmp_path / "heads")
    return head_store()


def write(count: int = 1, *, contract: UUID | None = ONE) -> None:
    """Record some events, each in a transaction of its own."""
    for place in range(count):
        with transaction.atomic():
            happening = Happening("probe.written", contract, data={"place": place, "of": "Éva"})
            record_all([happening], at=clock.now())


def seal_all() -> int:
    """Seal until everything is; returns how many there were.

    Transactions of other databases of the server, such as other tests', hold the horizon up, too.
    """
    sealed = 0

    def is_done() -> bool:
        nonlocal sealed
        sealed += seal_events(at=clock.now())
        seals = AuditSeal.objects.filter(event_id=OuterRef("pk"))
        return not AuditEvent.objects.filter(~Exists(seals)).exists()

    wait_for(is_done, seconds=120, what="everything to be sealed")
    return sealed


def keep_heads(store: HeadStore) -> int:
    return Keeper(store).keep_heads(at=clock.now())


def verdict_of(store: HeadStore, chain: UUID = ONE) -> Verdict:
    return verify_chain(chain, store)


def sealed_of(chain: UUID = ONE) -> list[AuditSeal]:
    return list(AuditSeal.objects.filter(chain=chain).order_by("position"))


@contextmanager
def without_protection() -> Iterator[Any]:
    """Give a cursor of somebody who owns the tables, and has switched their triggers off."""
    tables = ("core_audit_auditevent", "core_audit_auditseal")
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
