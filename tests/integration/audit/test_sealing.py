"""Events are sealed in the order of their transactions, each once, and nothing is passed over."""

import os
import signal
import subprocess
import sys
import time
from threading import Event, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.audit import sealing
from core.audit.chains import BEGINNING, DEPLOYMENT_CHAIN, next_digest
from core.audit.content import content_of
from core.audit.heads.stores import HeadStore
from core.audit.models import AuditEvent, AuditSeal, Sealing
from core.audit.sealing import seal_events
from core.common import clock
from core.common.ids import uuid7
from tests.integration.audit.conftest import (
    ONE,
    OTHER,
    keep_heads,
    seal_all,
    sealed_of,
    verdict_of,
    without_protection,
    write,
)
from tests.support.naive import fails_with
from tests.support.processes import wait_for
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_each_contract_has_a_chain_and_the_rest_one(store: HeadStore) -> None:
    write(3)
    write(2, contract=OTHER)
    write(1, contract=None)
    seal_all()
    assert [one.position for one in sealed_of(ONE)] == [1, 2, 3]
    assert [one.position for one in sealed_of(OTHER)] == [1, 2]
    assert [one.position for one in sealed_of(DEPLOYMENT_CHAIN)][-1:] == [
        AuditEvent.objects.filter(contract_id=None).count()
    ]
    first = AuditEvent.objects.get(pk=sealed_of()[0].event_id)
    assert bytes(sealed_of()[0].digest) == next_digest(
        BEGINNING,
        position=1,
        parts=content_of(first).parts(),
        mac=bytes(first.mac),
        transaction=first.transaction_id,
    )
    assert verdict_of(store).broken is None
    assert verdict_of(store).events == 3


def test_what_is_sealed_is_not_sealed_again() -> None:
    write(3)
    assert seal_all() >= 3
    assert seal_all() == 0
    write(1)
    assert seal_all() == 1


def test_an_open_transaction_holds_up_what_came_after_it_and_nobody_who_writes() -> None:
    seal_all()
    opened, go_on = Event(), Event()

    def dawdle() -> None:
        with transaction.atomic():
            write(1, contract=OTHER)
            opened.set()
            go_on.wait(30)
        connection.close()

    slow = Thread(target=dawdle)
    slow.start()
    try:
        opened.wait(30)
        write(2)  # not held up
        seal_events(at=clock.now())
        assert sealed_of() == []
    finally:
        go_on.set()
        slow.join()
    seal_all()
    assert len(sealed_of()) == 2
    assert len(sealed_of(OTHER)) == 1
    first, *later = AuditSeal.objects.filter(chain__in=[ONE, OTHER]).order_by("event_id")
    assert first.chain == OTHER
    assert {one.chain for one in later} == {ONE}


def test_whoever_seals_what_is_there_would_pass_something_over() -> None:
    """The naive way: everything that can be seen, in whatever order it came to be seen."""

    def without_horizon(cursor: Any) -> Any:
        place = look(cursor)
        return place._replace(horizon=place.ahead + 2**20)

    look = sealing._look
    fails_with(
        "core.audit.sealing._look",
        without_horizon,
        test_an_open_transaction_holds_up_what_came_after_it_and_nobody_who_writes,
        where="assert sealed_of() == []",
    )


def test_32_writers_beside_sealers_leave_no_fork_gap_or_double(store: HeadStore) -> None:
    def act(place: int) -> int:
        if place < 4:
            for _ in range(20):
                seal_events(at=clock.now())
            return 0
        write(10, contract=ONE if place % 2 else OTHER)
        return 10

    written = sum(at_once(36, act))
    seal_all()
    mine = sealed_of(ONE), sealed_of(OTHER)
    assert sum(len(some) for some in mine) == written == 320
    for some in mine:
        assert [one.position for one in some] == list(range(1, len(some) + 1))
    assert verdict_of(store, ONE).broken is None
    assert verdict_of(store, OTHER).broken is None


def test_of_two_sealers_one_waits_for_no_lock_and_does_nothing() -> None:
    seal_all()
    write(5)
    with transaction.atomic():
        Sealing.objects.select_for_update().get()
        (answer,) = at_once(1, lambda _place: seal_events(at=clock.now()))
    assert answer == 0
    assert seal_all() == 5


def test_a_place_in_a_chain_is_taken_once() -> None:
    write(1)
    seal_all()
    (taken,) = sealed_of()
    taken.pk = uuid7()
    with pytest.raises(IntegrityError, match="audit_position_once_in_chain"):
        taken.save(force_insert=True)


def test_a_database_that_was_restored_elsewhere_goes_on(store: HeadStore) -> None:
    """Ids of transactions begin anew there; the events keep those of where they were written."""
    write(2)
    elsewhere = AuditEvent.objects.filter(contract_id=ONE)
    with without_protection() as cursor:
        cursor.execute(
            "UPDATE core_audit_auditevent SET transaction_id = 4000000000000 "
            "WHERE contract_id = %s",
            [ONE],
        )
    Sealing.objects.update_or_create(id=1, defaults={"through": 3_999_999_999_999})
    assert elsewhere.count() == 2
    seal_all()
    write(1)
    assert seal_all() == 1
    assert verdict_of(store).broken is None
    assert verdict_of(store).events == 3


def test_a_sealer_that_is_killed_leaves_nothing_half_done(
    store: HeadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 50)
    write(200)
    sealer = subprocess.Popen(
        [sys.executable, "manage.py", "audit", "--skip-checks", "seal", "--follow"],
        env={**os.environ, "PORTAL_TEST_DATABASE": connection.settings_dict["NAME"]},
    )
    try:
        wait_for(AuditSeal.objects.exists, seconds=60, what="the first seals")
        for _ in range(5):
            write(40)
            time.sleep(0.02)
        sealer.send_signal(signal.SIGKILL)
    finally:
        sealer.kill()
        sealer.wait()
    seal_all()
    keep_heads(store)
    verdict = verdict_of(store)
    assert (verdict.events, verdict.unsealed, verdict.broken) == (400, 0, None)
