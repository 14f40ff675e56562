"""The broker is away: the caller does not notice, and nothing is lost."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any

import pytest
from celery import current_app
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.notifications import dispatch, tasks
from core.notifications.broker import PATIENCE_SECONDS, PAUSE_SECONDS, Broker
from core.notifications.selectors import delivery_is_late
from core.notifications.services.sweeping import sweep
from tests.integration.notifications.conftest import AT, Clock, FakeChannel, Minter, put

pytestmark = pytest.mark.django_db
UseBroker = Callable[[str], Broker]
Commit = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch, minter: Minter) -> UseBroker:
    """Publish for real, to the broker at a URL, with a memory of its own."""

    def use(url: str) -> Broker:
        fresh = Broker()
        monkeypatch.setattr(tasks, "BROKER", fresh)
        monkeypatch.setitem(current_app.conf, "broker_url", url)
        monkeypatch.setitem(current_app.conf, "task_always_eager", False)
        monkeypatch.setattr(dispatch._Dispatcher, "announce", tasks.announce)
        monkeypatch.setattr(dispatch._Dispatcher, "is_reachable", tasks.broker_is_reachable)
        return fresh

    return use


@pytest.fixture
def commit(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Commit:
    """Run what waits for the commit, as the commit would."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture(params=["nobody answers the door", "somebody opens and says nothing"])
def lost_broker(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a broker that is down, and of one that hangs."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        if "opens" in request.param:
            server.listen(16)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each connection to the broker was to be waited for."""
    found: list[float] = []
    connect = current_app.connection_for_write

    def noted(**options: Any) -> Any:
        found.append(options["connect_timeout"])
        return connect(**options)

    monkeypatch.setattr(current_app, "connection_for_write", noted)
    return found


def test_a_lost_broker_does_not_hold_the_caller_up(
    channel: FakeChannel,
    clock: Clock,
    *,
    use_broker: UseBroker,
    lost_broker: str,
    commit: Commit,
    opened: list[float],
) -> None:
    """One try is given up within its patience; without that, the hanging broker holds for ever."""
    use_broker(lost_broker)
    with commit():
        messages = [put("sample_link") for _ in range(5)]
    assert opened == [PATIENCE_SECONDS]
    assert {message.status for message in messages} == {"queued"}
    clock.forward(seconds=5)
    assert sweep(clock=clock).handled == 5
    assert len(channel.sent) == 5


def test_the_page_can_say_that_mail_is_late_at_once(
    use_broker: UseBroker, lost_broker: str, commit: Commit
) -> None:
    use_broker(lost_broker)
    with commit():
        put("sample_link")
    assert delivery_is_late(at=AT)


def test_another_process_sees_the_lost_broker_too(
    use_broker: UseBroker, lost_broker: str, opened: list[float]
) -> None:
    use_broker(lost_broker)
    assert delivery_is_late(at=AT)
    assert delivery_is_late(at=AT)
    assert len(opened) == 1


def test_the_broker_is_used_again_when_it_is_back(
    use_broker: UseBroker, lost_broker: str, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = use_broker(lost_broker)
    with commit():
        put("sample_link")
    monkeypatch.setitem(current_app.conf, "broker_url", "memory://")
    assert not used.announce(tasks.deliver, "left out for a while")
    used._away_until -= PAUSE_SECONDS
    assert used.announce(tasks.deliver, "heard")
    assert used.is_reachable()


def test_a_task_carries_the_id_and_nothing_else(use_broker: UseBroker, commit: Commit) -> None:
    use_broker("memory://")
    with current_app.connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        queue.clear()  # what other tests left in this process's memory
        with commit():
            message = put("sample_code", to="+13045550123", context={"attempt": 1})
        task = queue.get(timeout=2)
        task.ack()
    arguments, options, _ = task.payload
    assert (arguments, options) == ([str(message.id)], {})
    assert "3045550123" not in str(task.headers)


def test_a_connection_that_the_broker_closed_is_made_anew(
    use_broker: UseBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = use_broker("memory://")
    assert used.announce(tasks.deliver, "first")
    kept = used._local.connection
    calls: list[object] = []

    def fail_once(*arguments: object, connection: object, **options: object) -> None:
        calls.append(connection)
        if len(calls) == 1:
            raise ConnectionResetError

    monkeypatch.setattr(tasks.deliver, "apply_async", fail_once)
    assert used.announce(tasks.deliver, "second")
    assert calls[0] is kept
    assert calls[1] is not kept
