"""Tasks carry their contract, signed, through retries, chains and chords."""

import gc
import os
import time
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import kombu.pools
import pytest
from celery import Celery, chain, chord, group, signals
from celery.contrib.testing.worker import start_worker
from celery.exceptions import Retry
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from config.celery import app
from core.common.context import current_context
from tenants import celery as portal
from tenants.apps import check_tasks
from tenants.celery import HEADER, ContractTask, SharedTask, check_task_classes, sign_header
from tenants.context import contract_context, current_contract
from tenants.errors import NoContractError, OtherContractError, TenancyError
from tests.integration.tenants.conftest import Two

probe = Celery(
    "probe",
    broker=settings.CELERY_BROKER_URL,
    backend=settings.CELERY_BROKER_URL,
    task_default_queue=f"probe-{os.getpid()}",
    set_as_current=False,
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    result_expires=timedelta(minutes=1),
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=False,
)


def _here() -> str:
    contract = current_contract()
    return contract.slug if contract else "-"


@probe.task(shared=False, base=ContractTask, name="probe.where")
def where(*_: Any) -> list[str]:
    """Say in which contract it runs, after what came before."""
    return [*(_[0] if _ and isinstance(_[0], list) else []), _here()]


@probe.task(shared=False, base=SharedTask, name="probe.shared")
def shared(before: list[str] | None = None) -> list[str]:
    """Say in which contract it runs, after what came before."""
    return [*(before or []), _here()]


@probe.task(shared=False, base=ContractTask, name="probe.again", bind=True, max_retries=2)
def again(self: Any) -> list[Any]:
    """Run three times, and say where it ran last."""
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return [self.request.retries, _here()]


@probe.task(shared=False, base=ContractTask, name="probe.collect")
def collect(results: list[list[str]]) -> list[Any]:
    """Say what the header of a chord said, and where its body runs."""
    return [sorted(results), _here()]


@probe.task(shared=False, base=ContractTask, name="probe.fail")
def fail() -> None:
    """Fail."""
    raise ValueError("on purpose")


@pytest.fixture(scope="module")
def _worker(django_db_setup: None) -> Iterator[None]:
    portal.connect()
    with start_worker(probe, perform_ping_check=False, pool="solo", loglevel="ERROR"):
        yield
    # Starting a worker made the probe the current app of the whole process.
    app.set_current()
    app.set_default()
    _close_sockets()


def _close_sockets() -> None:
    """Let go of the probe's sockets here: found open later, they would fail somebody else's test.

    Celery keeps a client per thread and closes those of threads that have ended in no other way.
    """
    backend: Any = probe.backend
    pool: Any = probe.pool
    backend.result_consumer.stop()
    backend.client.connection_pool.disconnect()
    pool.force_close_all()
    probe.close()
    kombu.pools.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def worker(two: Two, _worker: None) -> Two:
    """A worker of the probe's own, in a thread; the contracts are in memory."""
    return two


def result_of(sent: Any) -> Any:
    """Return what a task gave.

    Celery keeps in a global whether one is inside a task, and takes and puts it back around each
    task that runs in place. Where tests run such tasks in several threads, it stays behind.
    """
    return sent.get(timeout=20, interval=0.02, disable_sync_subtasks=False)


# --- With a worker --------------------------------------------------------------------------------
def test_a_task_runs_in_the_contract_it_was_sent_in(worker: Two) -> None:
    for contract in (*worker, worker.one):
        with contract_context(contract):
            assert result_of(where.delay()) == [contract.slug]


def test_a_shared_task_runs_in_no_contract_whatever_its_sender_was_in(worker: Two) -> None:
    with contract_context(worker.one):
        assert result_of(shared.delay()) == ["-"]
    assert result_of(shared.delay()) == ["-"]


def test_nothing_stays_behind_for_the_next_task(worker: Two) -> None:
    with contract_context(worker.one):
        result_of(where.delay())
        with pytest.raises(ValueError, match="on purpose"):
            result_of(fail.delay())
    assert result_of(shared.delay()) == ["-"]
    began = time.monotonic()
    while portal._open and time.monotonic() - began < 5:
        time.sleep(0.01)  # the answer is there a moment before the task has ended
    assert portal._open == {}


def test_retries_keep_the_contract(worker: Two) -> None:
    with contract_context(worker.other):
        sent = again.delay()
    assert result_of(sent) == [2, worker.other.slug]


def test_chains_keep_the_contract_also_past_a_shared_task(worker: Two) -> None:
    with contract_context(worker.one):
        sent = chain(where.s(), where.s(), shared.s(), where.s()).apply_async()
    slug = worker.one.slug
    assert result_of(sent) == [slug, slug, "-", slug]


def test_chords_keep_the_contract_in_header_and_body(worker: Two) -> None:
    with contract_context(worker.other):
        sent = chord(group(where.s(), shared.s()), collect.s()).apply_async()
    slug = worker.other.slug
    assert result_of(sent) == [sorted([[slug], ["-"]]), slug]


def test_a_callback_runs_in_the_tasks_contract(worker: Two) -> None:
    with contract_context(worker.one):
        sent = where.apply_async(link=where.s())
    result_of(sent)
    (callback,) = sent.children
    assert result_of(callback) == [worker.one.slug, worker.one.slug]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        "1:not-a-uuid:00",
        "1:{one}:" + "0" * 64,
        "99:{one}:" + "0" * 64,
        "{for_another_task}",
        "{of_another_contract}",
    ],
)
def test_a_forged_or_missing_header_is_refused(worker: Two, header: str | None) -> None:
    if header is not None:
        valid = sign_header(where.name, worker.one)
        header = header.format(
            one=worker.one.id,
            for_another_task=sign_header(fail.name, worker.one),
            of_another_contract=valid.replace(str(worker.one.id), str(worker.other.id)),
        )
    headers = {} if header is None else {HEADER: header}
    sent = probe.send_task(where.name, headers=headers)
    with pytest.raises(Exception, match="contract") as refused:
        result_of(sent)
    assert "ContractHeaderError" in type(refused.value).__name__
    assert result_of(shared.delay()) == ["-"]


# --- Without one ----------------------------------------------------------------------------------
def test_a_contract_task_cannot_be_sent_from_nowhere(two: Two) -> None:
    with pytest.raises(NoContractError):
        where.delay()
    with pytest.raises(NoContractError):
        where.apply()
    with pytest.raises(NoContractError):
        where()


def test_a_signature_of_one_contract_cannot_be_sent_in_another(two: Two) -> None:
    with contract_context(two.one):
        signature = where.s()
    with contract_context(two.other), pytest.raises(OtherContractError):
        signature.apply_async()
    with contract_context(two.other), pytest.raises(OtherContractError):
        signature.apply()
    assert result_of(signature.apply()) == [two.one.slug]


def test_a_plain_call_runs_in_the_contract_in_hand_and_a_shared_one_in_none(two: Two) -> None:
    with contract_context(two.one):
        assert where() == [two.one.slug]
        assert shared() == ["-"]
        assert _here() == two.one.slug


def test_a_task_run_in_place_puts_back_what_was_in_hand(two: Two) -> None:
    with contract_context(two.one):
        assert result_of(where.apply()) == [two.one.slug]
        assert result_of(shared.apply()) == ["-"]
        assert _here() == two.one.slug
        assert current_context().contract_id == two.one.id
        with pytest.raises(Retry):
            result_of(again.apply(throw=True))


def test_error_callbacks_are_banned(two: Two) -> None:
    with contract_context(two.one):
        for send in (where.apply_async, where.apply, shared.apply_async):
            with pytest.raises(TenancyError, match="link_error"):
                send(link_error=shared.s())
        with pytest.raises(TenancyError, match="link_error"):
            where.s().on_error(shared.s()).apply_async()


def test_any_other_task_class_fails_at_start_up(two: Two) -> None:
    careless_app = Celery("careless", set_as_current=False)

    @careless_app.task(shared=False, name="careless.task")
    def careless() -> None: ...

    with pytest.raises(ImproperlyConfigured, match=r"careless\.task"):
        check_task_classes(careless_app)
    with pytest.raises(SystemExit, match=r"careless\.task"):
        portal._check_at_start(sender=careless_app)


def test_a_worker_that_the_probe_refuses_does_not_start(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mixed() -> None:
        raise TenancyError("sessions are mixed")

    monkeypatch.setattr("tenants.identity.probe.check_everything", mixed)
    with pytest.raises(SystemExit, match="sessions are mixed"):
        signals.worker_init.send(sender=app)


def test_the_portals_own_tasks_all_say_whose_data_they_touch() -> None:
    app.loader.import_default_modules()
    check_task_classes(app)
    assert check_tasks(None) == []
    assert not [found for found in run_checks() if found.id == "tenants.E001"]
