"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from core.webhooks.backoff import (
    FAILS_FOR,
    LONGEST_REST,
    MOST_TRIES,
    asked_delay,
    delay_after,
    rest_after,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_tries_go_on_for_about_three_days_and_end() -> None:
    delays = [delay_after(tries) for tries in range(1, MOST_TRIES)]
    waited = sum((one for one in delays if one is not None), timedelta(0))
    assert timedelta(days=2) < waited < timedelta(days=4)
    assert delay_after(MOST_TRIES) is None
    assert timedelta(days=2) < FAILS_FOR < timedelta(days=4)


def test_what_failed_together_does_not_come_back_together() -> None:
    delays = {delay_after(4) for _ in range(20)}
    assert len(delays) > 10
    assert all(timedelta(minutes=8) <= one <= timedelta(minutes=12) for one in delays if one)


def test_an_endpoint_rests_for_longer_and_longer_up_to_five_minutes() -> None:
    rests = [rest_after(failures) for failures in range(1, 30)]
    assert rests == sorted(rests)
    assert rests[0] == timedelta(seconds=5)
    assert rests[-1] == LONGEST_REST == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("999999999999", 3600),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 2020 12:01:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:01:00", 60),
        *(("", 0), ("-5", 0), ("soon", 0), ("1.5", 0), ("٣", 0)),
    ],
)
def test_what_a_receiver_asks_for_counts_for_an_hour_at_most(text: str, seconds: int) -> None:
    assert asked_delay(text, at=AT) == timedelta(seconds=seconds)
