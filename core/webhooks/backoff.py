"""When a delivery is tried again, and when it is given up. Own figures, about those of others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import Final

_DELAYS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, *[43_200] * 5)
)
MOST_TRIES: Final = len(_DELAYS) + 1
"""The last one comes about three days after the first."""
FAILS_FOR: Final = timedelta(days=3)
"""An endpoint that took nothing for so long is paused by itself."""
LONGEST_REST: Final = timedelta(minutes=5)
"""How long an endpoint is left alone after several failures in a row, with all its deliveries."""
_FIRST_REST: Final = timedelta(seconds=5)
_LONGEST_ASKED: Final = timedelta(hours=1)
"""Of what a receiver asks for by Retry-After."""
_SPREAD: Final = 0.2
_random: Callable[[float, float], float] = SystemRandom().uniform


def delay_after(tries: int) -> timedelta | None:
    """Return how long to wait after so many tries; None: it is given up.

    A fifth more or less, so that what failed together does not come back together.
    """
    if tries > len(_DELAYS):
        return None
    return _DELAYS[tries - 1] * (1 + _random(-_SPREAD, _SPREAD))


def rest_after(failures: int) -> timedelta:
    """Return how long an endpoint is left alone after so many failures in a row."""
    doublings = max(0, min(failures - 1, 10))
    return min(_FIRST_REST * (1 << doublings), LONGEST_REST)


def asked_delay(retry_after: str, *, at: datetime) -> timedelta:
    """Return for how long a receiver wants to be left alone, an hour at most.

    It says so in seconds or as a moment (RFC 9110, 10.2.3); what makes no sense is no wish.
    """
    text = retry_after.strip()
    try:
        if text.isascii() and text.isdecimal():
            wanted = timedelta(seconds=min(int(text), 86_400))
        else:
            wanted = parsedate_to_datetime(text).astimezone(UTC) - at
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
    return max(timedelta(0), min(wanted, _LONGEST_ASKED))
