"""The keeper starts again what ends, and gives up only what ends all the time."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from config import embedded
from config.embedded import keeper, redis_server
from config.embedded.keeper import Keeper


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(keeper, "time", made)
    return made


@pytest.fixture
def end_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that has Redis end and be started again; `fails` starts fail before."""
    kept = Keeper(embedded.places(tmp_path), durable=True)
    failures: list[str] = []

    def start(_here: object, *, user: object) -> object:
        if failures:
            raise embedded.EmbeddedServerError(failures.pop())
        return SimpleNamespace(pid=7, returncode=-9)

    monkeypatch.setattr(redis_server, "start", start)
    kept._start("redis")

    def end(*, fails: int = 0) -> None:
        failures[:] = ["no space left"] * fails
        kept._restart("redis")

    return end


def test_a_server_may_end_any_number_of_times_in_its_life(
    clock: Clock, end_server: Callable[..., None]
) -> None:
    for _ in range(50):
        end_server()
        clock.sleep(10)


def test_a_start_that_fails_is_tried_again(
    clock: Clock, end_server: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    end_server(fails=5)
    said = capsys.readouterr().out
    assert "redis ended (code -9); starting it again." in said
    assert said.count("no space left; starting it again.") == 5


def test_a_server_that_ends_all_the_time_is_given_up(
    clock: Clock, end_server: Callable[..., None]
) -> None:
    for _ in range(10):
        end_server()
    with pytest.raises(embedded.EmbeddedServerError, match=r"10 times within 60 s.*\(code -9\)"):
        end_server()


def test_a_server_that_never_starts_is_given_up_with_its_last_words(
    clock: Clock, end_server: Callable[..., None]
) -> None:
    with pytest.raises(embedded.EmbeddedServerError, match=r"does not stay.*no space left"):
        end_server(fails=20)
