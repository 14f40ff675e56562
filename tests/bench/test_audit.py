"""What the audit costs: appends beside one another, on top of an act, and following a long chain.

`AUDIT_EVENTS` takes another number of events for the chain.
"""

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from core.audit.heads.stores import head_store
from core.audit.models import AuditSeal
from core.audit.recording import Happening, record, record_all
from core.audit.sealing import seal_events
from core.audit.verifying import verify_chain
from core.common import clock
from core.common.ids import uuid7
from tests.integration.audit import tampering
from tests.integration.audit.conftest import keep_heads, without_protection
from tests.support.people import make_person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
WRITERS, SECONDS, AT_LEAST = 8, 5, 2_500
EVENTS = int(os.environ.get("AUDIT_EVENTS", "1000000"))
TAMPERED = 100_000
VERIFY_SECONDS, OVERHEAD_SECONDS = 60, 0.002


def test_eight_writers_append_to_one_contract_beside_an_open_transaction() -> None:
    contract = uuid7()
    with ExitStack() as stack:
        writers = [stack.enter_context(writer(contract)) for _ in range(WRITERS)]
        with transaction.atomic():
            record("probe.written", contract_id=contract)  # and stays open meanwhile
            for one in writers:
                assert one.stdin
                one.stdin.write("go\n")
                one.stdin.flush()
            written = sum(int(one.communicate()[0]) for one in writers)
    rate = written / SECONDS
    began = time.perf_counter()
    while seal_events(at=clock.now()):
        continue
    sealing = time.perf_counter() - began
    print(
        f"\n{WRITERS} writers into one contract beside an open transaction: {rate:,.0f} appends a "
        f"second (at least {AT_LEAST:,}); sealed afterwards at {written / sealing:,.0f} a second"
    )
    assert AuditSeal.objects.filter(chain=contract).count() == written + WRITERS + 1
    assert rate >= AT_LEAST


def test_what_a_record_adds_to_an_act() -> None:
    user = make_person()

    def act(*, recorded: bool) -> None:
        with transaction.atomic():
            type(user).objects.filter(pk=user.pk).update(first_name="D")
            if recorded:
                record("account.tested", subject=("account", user.id), data={"field": "name"})

    bare, audited = medians(lambda: act(recorded=False), lambda: act(recorded=True))
    print(
        f"\nan act of one statement: {1000 * bare:.2f} ms, recorded {1000 * audited:.2f} ms: "
        f"{1000 * (audited - bare):.2f} ms more (at most {1000 * OVERHEAD_SECONDS:.0f})"
    )
    assert audited - bare < OVERHEAD_SECONDS


def test_a_long_chain_is_followed_and_any_tampering_named(
    settings: Settings, tmp_path: Path
) -> None:
    settings.AUDIT_HEADS_FOLDER = str(tmp_path / "heads")
    store, long, short = head_store(), uuid7(), uuid7()
    for chain, count in ((long, EVENTS), (short, min(EVENTS, TAMPERED))):
        for _ in range(count // 1_000):
            with transaction.atomic():
                record_all(
                    [
                        Happening("probe.written", chain, data={"place": place})
                        for place in range(1_000)
                    ],
                    at=clock.now(),
                )
    began = time.perf_counter()
    while seal_events(at=clock.now()):
        continue
    sealing = time.perf_counter() - began
    keep_heads(store)
    began = time.perf_counter()
    verdict = verify_chain(long, store)
    taken = time.perf_counter() - began
    assert (verdict.events, verdict.broken) == (EVENTS, None)
    print(
        f"\n{EVENTS:,} events sealed at {AuditSeal.objects.count() / sealing:,.0f} a second, "
        f"verified in {taken:.0f} s (at most {VERIFY_SECONDS})"
    )
    length = min(EVENTS, TAMPERED)
    for tamper in tampering.EVERY:
        position = random.randint(2, length - 2)
        with tampering.undone_afterwards(short):
            with without_protection() as cursor:
                named = tamper(cursor, short, position)
            broken = verify_chain(short, store).broken
            assert broken is not None, tamper.__name__
            assert broken.position == named, (tamper.__name__, position, broken)
    print(f"{len(tampering.EVERY)} ways to tamper with one of {length:,} events: each named")
    assert taken < VERIFY_SECONDS


@contextmanager
def writer(contract: object) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.audit_writers", str(contract), str(SECONDS)],
        env={**os.environ, "PORTAL_TEST_DATABASE": str(connection.settings_dict["NAME"])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process


def medians(*acts: Callable[[], object], rounds: int = 300) -> list[float]:
    """Return the median seconds of each act, done in turn."""
    taken: list[list[float]] = [[] for _ in acts]
    for place in range(rounds + 20):
        for act, times in zip(acts, taken, strict=True):
            began = time.perf_counter()
            act()
            if place >= 20:
                times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]
