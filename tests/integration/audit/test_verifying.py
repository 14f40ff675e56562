"""Whatever is done to the trail is found, and the first record that is not as it was is named."""

import json
import random
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from pytest_django.fixtures import Settings

from core.audit.heads.statement import Head, HeadBrokenError, public_key_pem
from core.audit.heads.stores import HeadStore
from core.audit.models import AuditEvent, AuditSeal, Sealing
from core.common import clock
from core.common.ids import uuid7
from tests.integration.audit import tampering
from tests.integration.audit.conftest import (
    ONE,
    keep_heads,
    seal_all,
    sealed_of,
    verdict_of,
    without_protection,
    write,
)
from tests.support.naive import fails_with

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
LENGTH = 60


def test_whatever_is_done_to_a_record_is_found_and_named(store: HeadStore) -> None:
    write(LENGTH)
    seal_all()
    keep_heads(store)
    assert (verdict_of(store).events, verdict_of(store).broken) == (LENGTH, None)
    places = (1, LENGTH - 1, random.randint(2, LENGTH - 2))
    for tamper in tampering.EVERY:
        for position in places:
            with tampering.undone_afterwards(ONE):
                with without_protection() as cursor:
                    named = tamper(cursor, ONE, position)
                verdict = verdict_of(store)
                said = f"{tamper.__name__} at {position}: {verdict}"
                assert verdict.broken is not None, said
                assert verdict.broken.position == named, said
                assert verdict.events == named - 1, said
            assert verdict_of(store).broken is None


def test_whoever_believes_the_rows_finds_nothing(store: HeadStore) -> None:
    """The naive way: the seals are there, and so are the events."""
    fails_with(
        "core.audit.verifying.constant_time_equal",
        lambda _one, _other: True,
        lambda: test_whatever_is_done_to_a_record_is_found_and_named(store),
        where="assert verdict.broken is not None",
    )


def test_what_is_kept_from_its_seal_is_found(store: HeadStore) -> None:
    seal_all()
    Sealing.objects.update(through=2**40)
    write(1)
    broken = verdict_of(store).broken
    assert broken is not None
    assert broken.event_id == AuditEvent.objects.get(contract_id=ONE).id


def test_what_has_no_seal_is_found_when_nobody_knows_how_far_sealing_has_come(
    store: HeadStore,
) -> None:
    write(2)
    seal_all()
    keep_heads(store)
    write(1)
    with without_protection() as cursor:
        cursor.execute("DELETE FROM core_audit_sealing")
    last = AuditEvent.objects.filter(contract_id=ONE).latest("id")
    broken = verdict_of(store).broken
    assert broken is not None
    assert broken.event_id == last.id


def test_an_event_that_the_portal_has_not_written_is_found(store: HeadStore) -> None:
    """The application's login may insert; without the key it writes nothing that counts."""
    write(2)
    made = AuditEvent.objects.filter(contract_id=ONE).latest("id")
    made.pk, made.result = uuid7(), "refused"
    made.save(force_insert=True)
    seal_all()
    broken = verdict_of(store).broken
    assert broken is not None
    assert (broken.event_id, broken.why) == (
        made.pk,
        "It was changed, or not written by the portal.",
    )


def test_what_waits_for_its_seal_is_counted_and_not_broken(store: HeadStore) -> None:
    write(2)
    seal_all()
    write(3)
    verdict = verdict_of(store)
    assert (verdict.events, verdict.unsealed, verdict.broken) == (2, 3, None)
    assert verdict.oldest_unsealed is not None


def test_a_head_that_somebody_changed_is_found(store: HeadStore, settings: Settings) -> None:
    write(2)
    seal_all()
    keep_heads(store)
    assert verdict_of(store).heads == 1
    path = Path(settings.AUDIT_HEADS_FOLDER) / f"{ONE}.jsonl"
    stated = json.loads(path.read_text())
    path.write_text(json.dumps({**stated, "position": 1}))
    broken = verdict_of(store).broken
    assert broken is not None
    assert "heads" in broken.why


def test_heads_are_kept_when_a_chain_has_grown(store: HeadStore) -> None:
    write(1)
    seal_all()
    first = keep_heads(store)
    assert first >= 1
    assert [head.position for head in store.heads_of(ONE)] == [1]
    write(1)
    seal_all()
    keep_heads(store)
    assert {head.position for head in store.heads_of(ONE)} == {1, 2}


def test_a_head_is_read_by_its_signature_alone() -> None:
    head = Head(ONE, 7, bytes(32), clock.now())
    assert Head.read(head.signed()) == head
    assert public_key_pem().startswith("-----BEGIN PUBLIC KEY-----")
    for broken in ("", "{}", "[]", "\ud800", head.signed().replace(": 7", ": 8")):
        with pytest.raises(HeadBrokenError):
            Head.read(broken)


def test_a_chain_of_which_only_heads_are_left_is_broken(
    store: HeadStore, capsys: pytest.CaptureFixture[str]
) -> None:
    write(3)
    seal_all()
    keep_heads(store)
    with without_protection() as cursor:
        cursor.execute("DELETE FROM core_audit_auditevent WHERE contract_id = %s", [ONE])
        cursor.execute("DELETE FROM core_audit_auditseal WHERE chain = %s", [ONE])
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", "--json")
    assert ended.value.code == 3
    (broken,) = [one for one in json.loads(capsys.readouterr().out) if one["broken"]]
    assert (broken["chain"], broken["events"]) == (str(ONE), 0)
    assert broken["broken"]["position"] == 1


def test_the_command_seals_and_verifies(
    store: HeadStore, capsys: pytest.CaptureFixture[str]
) -> None:
    write(2, contract=None)
    call_command("audit", "seal")
    call_command("audit", "verify", "deployment")
    said = capsys.readouterr().out
    assert "events sealed; heads are kept in" in said
    assert "good    deployment:" in said
    call_command("audit", "public-key")
    assert capsys.readouterr().out == public_key_pem()


@pytest.mark.parametrize("table", ["core_audit_auditevent", "core_audit_auditseal"])
@pytest.mark.parametrize("act", ["UPDATE {} SET mac = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_changes_neither_event_nor_seal(table: str, act: str) -> None:
    write(1)
    seal_all()
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(act.format(table))
    if "TRUNCATE" not in act:
        refused = pytest.raises(DatabaseError, match="never changed")
        with refused, transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(act.format(table))
    assert len(sealed_of()) == AuditSeal.objects.filter(chain=ONE).count() == 1
