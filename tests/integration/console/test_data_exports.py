"""A contract's data as a file from a page: made by a worker, sealed, downloaded, gone."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test import Client

from contracts.console.data import sealing
from contracts.console.data.manifest import read_manifest
from contracts.console.data.reading import restore_data
from contracts.console.data.sealing import ExportLostError, SealedFile, read_pieces
from contracts.console.models import DataExport, DataExportPiece, ExportState
from contracts.console.services import data_exports
from contracts.console.services.data_exports import (
    KEPT,
    MOST_RUNS,
    STANDS_STILL,
    ExportAtWorkError,
    NothingToDownloadError,
    ask_export,
    delete_export,
    download_export,
    list_exports_standing_still,
    make_export,
    purge_exports,
)
from core.audit.models import AuditEvent
from core.common import clock
from core.common.crypto import SealBrokenError
from core.common.ids import uuid7
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tenants.models import Contract
from tenants.states import ContractState
from tests.integration.console.test_data import elsewhere, nothing, program, tables, written
from tests.support.kills import is_killed_at
from tests.support.staff import staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
__all__ = ["program"]
SLUG = "new-state"
DATA = f"/staff/contracts/{SLUG}/data/"
BY = uuid7()


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "PIECE_BYTES", 4096)


@pytest.fixture
def operator(program: None) -> Client:
    return staff_client(StaffRole.OPERATOR)


def asked() -> DataExport:
    contract = Contract.objects.get(slug=SLUG)
    return ask_export(contract_id=contract.pk, reason="They move", by=BY, at=clock.now())


def made(export: DataExport) -> bool:
    return make_export(export_id=export.pk, clock=clock.now)


def file_of(export: DataExport) -> bytes:
    return b"".join(read_pieces(DataExport.objects.get(pk=export.pk)))


def downloaded(client: Client, export: DataExport) -> bytes:
    answer: Any = client.post(f"{DATA}{export.pk}/", {"reason": "ticket 8"})
    assert answer["Content-Type"] == "application/zip"
    content = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(content)
    return content


def test_what_the_page_gives_is_restored_elsewhere(operator: Client, tmp_path: Path) -> None:
    before = tables(written(tmp_path, "command.zip"))
    assert "Enter the reason" in operator.post(DATA, {"reason": ""}).content.decode()
    page = operator.post(DATA, {"reason": "They move"}, follow=True).content.decode()
    export = DataExport.objects.get()
    assert "They move" in page
    assert export.state == ExportState.READY  # a worker of the tests works at once
    assert export.sha256 in page
    content = downloaded(operator, export)
    assert sha256(content).hexdigest() == export.sha256
    path = tmp_path / "page.zip"
    path.write_bytes(content)
    assert read_manifest(path).rows == export.rows
    events = AuditEvent.objects.filter(event_type__startswith="contract_data.").order_by("id")
    assert [one.event_type for one in events] == [
        "contract_data.exported",  # by the command
        "contract_data.export_asked",
        "contract_data.exported",
        "contract_data.downloaded",
    ]
    assert (events[1].data["reason"], events[3].data["reason"]) == ("They move", "ticket 8")
    elsewhere()
    contract = restore_data(path=path, by=None, at=clock.now(), progress=nothing)
    assert contract.state == ContractState.SUSPENDED
    after = tables(written(tmp_path, "again.zip"))
    for several in (before, after):
        several.pop("tables/core_audit.auditevent.csv")
        several.pop("tables/core_accounts.user.csv")
    assert after == before


def test_nothing_of_it_lies_there_readable(program: None) -> None:
    export = asked()
    assert made(export)
    pieces = list(DataExportPiece.objects.order_by("number"))
    assert len(pieces) > 3
    assert sum(len(bytes(one.sealed)) for one in pieces) > len(file_of(export))
    assert not any(b"tables/" in bytes(one.sealed) for one in pieces)
    # A piece in the place of another is no file.
    first, second = pieces[:2]
    DataExportPiece.objects.filter(pk=first.pk).update(sealed=second.sealed)
    with pytest.raises(SealBrokenError):
        file_of(export)


def test_an_archived_contract_is_exported_and_a_new_one_is_not(operator: Client) -> None:
    Contract.objects.filter(slug=SLUG).update(state=ContractState.ARCHIVED)
    assert (
        f'href="{DATA}"' in operator.get(f"/staff/contracts/{SLUG}/status/delete/").content.decode()
    )
    operator.post(DATA, {"reason": "Before it is deleted"})
    assert DataExport.objects.get().state == ExportState.READY
    Contract.objects.filter(slug=SLUG).update(state=ContractState.PROVISIONING)
    page = operator.post(DATA, {"reason": "x"}).content.decode()
    assert "This contract has no data to export." in page


def test_nobody_else_sees_or_takes_it(operator: Client, contract_a: ActiveContract) -> None:
    export = asked()
    made(export)
    elsewhere_ = f"/staff/contracts/{contract_a.slug}/data/{export.pk}/"
    for path in (elsewhere_, f"{elsewhere_}progress/", f"{DATA}{uuid7()}/"):
        assert operator.get(path).status_code == 404
    assert operator.post(f"{elsewhere_}delete/").status_code == 404
    assert operator.post(elsewhere_, {"reason": "x"}).status_code == 404
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a, name="mia")
    own = f"/staff/contracts/{contract_a.slug}/data/"
    assert admin.get(own).status_code == 403
    assert admin.post(own, {"reason": "x"}).status_code == 403
    assert admin.get(f"{DATA}{export.pk}/").status_code == 403


def test_who_signed_in_long_ago_is_asked_again(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked()
    made(export)
    later = clock.now() + timedelta(minutes=12)
    monkeypatch.setattr(clock, "now", lambda: later)
    for path in (DATA, f"{DATA}{export.pk}/"):
        answer = operator.post(path, {"reason": "x"})
        assert answer.headers["Location"].startswith("/confirm/"), path
    assert not AuditEvent.objects.filter(event_type="contract_data.downloaded").exists()


def test_of_two_who_ask_at_once_one_is_told(program: None) -> None:
    def ask(_place: int) -> str:
        try:
            asked()
        except ExportAtWorkError as error:
            return error.code
        return "asked"

    assert sorted(at_once(4, ask)) == ["asked", *["data_export_at_work"] * 3]
    assert DataExport.objects.count() == 1


def test_of_two_workers_one_makes_it(program: None) -> None:
    export = asked()
    assert sorted(at_once(3, lambda _place: made(export))) == [False, False, True]
    assert sha256(file_of(export)).hexdigest() == DataExport.objects.get().sha256
    exported = AuditEvent.objects.filter(event_type="contract_data.exported")
    assert exported.count() == 1


def test_a_task_that_comes_again_does_not_stop_who_is_at_it(program: None) -> None:
    export = asked()
    assert data_exports._take_up(export.pk, at=clock.now()) == export
    with transaction.atomic():
        assert data_exports._take_up(export.pk, at=clock.now()) is None
        # The worker does not wait for the row, and would take it for deleted.
        assert at_once(1, lambda _place: _is_free(export)) == [True]


def _is_free(export: DataExport) -> bool:
    with transaction.atomic():
        free = DataExport.objects.select_for_update(skip_locked=True)
        return free.filter(pk=export.pk).first() is not None


def _dies_at(step: int) -> Iterator[None]:
    change, steps = SealedFile._change, count(1)

    def dying(self: SealedFile, **given: Any) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        change(self, **given)

    with mock.patch.object(SealedFile, "_change", dying):
        yield


def _killed(export: DataExport, step: int) -> bool:
    def act() -> None:
        for _ in _dies_at(step):
            made(export)

    return is_killed_at(10**9, act)


def test_a_killed_worker_is_followed_by_one_that_begins_anew(program: None) -> None:
    export, late = asked(), clock.now() + STANDS_STILL + timedelta(minutes=1)
    assert _killed(export, 12)
    assert DataExportPiece.objects.filter(export=export).exists()
    assert not made(export)  # another one has it, it seems
    assert not list_exports_standing_still(at=clock.now()).exists()
    assert list_exports_standing_still(at=late).get() == export
    assert make_export(export_id=export.pk, clock=lambda: late)
    export.refresh_from_db()
    assert (export.state, export.runs) == (ExportState.READY, 2)
    assert sha256(file_of(export)).hexdigest() == export.sha256


def test_a_worker_that_was_only_slow_leaves_the_file_to_the_next_one(program: None) -> None:
    export, late = asked(), clock.now() + STANDS_STILL + timedelta(minutes=1)
    store, others = SealedFile._store, list[object]()

    def slow(self: SealedFile, content: bytes) -> None:
        if not others:  # another worker begins, and has written nothing yet
            with ThreadPoolExecutor(1) as beside:
                others.append(beside.submit(_taken_up, export, late).result())
        store(self, content)

    with mock.patch.object(SealedFile, "_store", slow):
        assert not made(export)
    assert others == [export]
    assert not DataExportPiece.objects.exists()
    assert DataExport.objects.get().state == ExportState.WORKING


def _taken_up(export: DataExport, at: datetime) -> object:
    try:
        return data_exports._take_up(export.pk, at=at)
    finally:
        connection.close()


def test_a_worker_does_not_wait_for_who_waits_for_its_tables(program: None) -> None:
    export, begun, held, over = asked(), Event(), Event(), Event()
    store = SealedFile._store

    def slow(self: SealedFile, content: bytes) -> None:
        begun.set()
        assert held.wait(30)
        store(self, content)

    def act(place: int) -> bool:
        if place == 0:
            with mock.patch.object(SealedFile, "_store", slow):
                done = made(export)
            over.set()
            return done
        assert begun.wait(30)
        with transaction.atomic():  # the deletion of a contract, which would wait for the reading
            DataExport.objects.select_for_update().get(pk=export.pk)
            held.set()
            return over.wait(30)

    assert at_once(2, act) == [False, True]


def test_a_file_whose_time_is_over_is_given_to_nobody_deleted_or_not(program: None) -> None:
    export = asked()
    made(export)
    export.refresh_from_db()
    assert export.ready_at is not None
    with pytest.raises(NothingToDownloadError):
        download_export(export=export, reason="x", by=BY, at=export.ready_at + KEPT)


def test_what_fails_for_a_fault_of_ours_is_tried_again_at_once_and_given_up(
    program: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("a fault of ours")

    export = asked()
    monkeypatch.setattr("contracts.console.services.data_exports.write_archive", fails)
    for _ in range(MOST_RUNS):
        with pytest.raises(RuntimeError):
            made(export)
        assert list(list_exports_standing_still(at=clock.now())) == [export]
    assert not made(export)
    export.refresh_from_db()
    assert export.state == ExportState.FAILED


def test_an_export_that_kills_its_workers_is_given_up(program: None) -> None:
    export = asked()
    long_ago = clock.now() - 2 * STANDS_STILL
    DataExport.objects.filter(pk=export.pk).update(runs=MOST_RUNS, moved_at=long_ago)
    assert not made(export)
    assert DataExport.objects.get().state == ExportState.FAILED
    assert asked().state == ExportState.WORKING


@pytest.mark.parametrize("by", ["person", "contract"])
def test_what_is_deleted_meanwhile_is_not_made(program: None, by: str) -> None:
    export, begun, gone = asked(), Event(), Event()
    store = SealedFile._store

    def slow(self: SealedFile, content: bytes) -> None:
        begun.set()
        assert gone.wait(30)
        store(self, content)

    def act(place: int) -> bool:
        if place == 0:
            with mock.patch.object(SealedFile, "_store", slow):
                return made(export)
        assert begun.wait(30)
        if by == "person":
            delete_export(export=export, by=BY, at=clock.now())
        else:
            DataExport.objects.filter(pk=export.pk).delete()  # as the deletion of a contract does
        gone.set()
        return True

    assert at_once(2, act) == [False, True]
    assert not DataExportPiece.objects.exists()
    assert not AuditEvent.objects.filter(event_type="contract_data.exported").exists()


def test_a_file_goes_when_its_time_is_over_or_somebody_deletes_it(operator: Client) -> None:
    export = asked()
    made(export)
    ready_at = DataExport.objects.get().ready_at
    assert ready_at is not None
    assert purge_exports(at=ready_at + KEPT - timedelta(seconds=1)) == 0
    assert purge_exports(at=ready_at + KEPT) == 1
    assert not DataExportPiece.objects.exists()
    page = operator.post(f"{DATA}{export.pk}/", {"reason": "x"}).content.decode()
    assert "This file is not there" in page
    again = asked()
    made(again)
    assert (
        "It is deleted." in operator.post(f"{DATA}{again.pk}/delete/", follow=True).content.decode()
    )
    assert not DataExportPiece.objects.exists()
    with pytest.raises(ExportLostError):
        b"".join(read_pieces(DataExport.objects.get(pk=again.pk)))
    gone = operator.post(f"{DATA}{again.pk}/delete/", follow=True).content.decode()
    assert "It was deleted already." in gone


def test_the_waiting_page_is_told_when_it_is_over(operator: Client) -> None:
    export = asked()
    progress = f"{DATA}{export.pk}/progress/"
    assert "so far" in operator.get(progress).content.decode()
    assert "An export is being made just now" in operator.get(DATA).content.decode()
    made(export)
    assert operator.get(progress).headers["HX-Refresh"] == "true"
