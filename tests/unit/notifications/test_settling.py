"""How long a refused message waits."""

from datetime import timedelta

import pytest

from core.notifications.services import settling
from core.notifications.services.settling import BACKOFF_SECONDS, backoff, pause_after


@pytest.mark.parametrize("attempts", range(1, 17))
def test_a_wait_is_never_shorter_than_the_back_off_and_up_to_half_longer(attempts: int) -> None:
    waits = {pause_after(attempts) for _ in range(50)}
    assert min(waits) >= backoff(attempts)
    assert max(waits) <= backoff(attempts) * 1.5


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({pause_after(3) for _ in range(50)}) > 40


def test_the_back_off_grows_and_ends_at_an_hour() -> None:
    waits = [backoff(attempts) for attempts in range(1, 20)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=BACKOFF_SECONDS[0])
    assert waits[-1] == timedelta(hours=1)


@pytest.mark.parametrize(("asked", "least"), [(None, 5), (3, 5), (120, 120), (999_999, 3600)])
def test_a_provider_may_ask_for_a_longer_wait(
    monkeypatch: pytest.MonkeyPatch, asked: float | None, least: int
) -> None:
    assert pause_after(1, asked) >= timedelta(seconds=least)
    assert pause_after(1, asked) <= timedelta(seconds=least + 2.5)


def test_the_figures_are_those_of_the_decision() -> None:
    assert (settling.BACKOFF_SECONDS, settling.MAX_ATTEMPTS) == ((5, 15, 60, 300, 900, 3600), 16)
