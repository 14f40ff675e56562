"""How many calls are answered a minute: of each token, and of an address whose tokens are none.

Counted in the cache, in windows of a minute. A cache that is away limits nobody: what must be
counted for safety is counted in the database by the services themselves.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from core.common.problems import Problem

CALLS_A_MINUTE: Final = 600
"""Of one token. Own figures: a system that pages through a roster makes a few a second."""
REFUSED_A_MINUTE: Final = 60
"""Tokens that open nothing, from one address."""
_WINDOW: Final = 60
_PATIENCE: Final = 0.5
"""Seconds: a cache that hangs limits nobody either."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """How a caller stands to its limit in this window."""

    limit: int
    used: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """Return what each answer says of it."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.resets_in),
        }


def count_call(token_id: object, *, at: datetime) -> Standing:
    """Count a call of a token. Raises Problem: 429 when it has made too many this minute."""
    return _count(f"api-calls:{token_id}", CALLS_A_MINUTE, at)


def count_refused(address: str, *, at: datetime) -> Standing:
    """Count a token that opened nothing. Raises Problem: 429 when there were too many."""
    return _count(f"api-refused:{address}", REFUSED_A_MINUTE, at)


def _count(name: str, limit: int, at: datetime) -> Standing:
    second = int(at.timestamp())
    window, resets_in = second // _WINDOW, _WINDOW - second % _WINDOW
    standing = Standing(limit, _used(f"{name}:{window}"), resets_in)
    if standing.used > limit:
        raise Problem(
            429,
            "too_many_calls",
            f"At most {limit} calls a minute are answered. Go on in {resets_in} seconds.",
            headers={"Retry-After": str(resets_in), **standing.headers()},
        )
    return standing


def _used(name: str) -> int:
    try:
        used = int(_redis().incr(name))
        if used == 1:
            _redis().expire(name, _WINDOW * 2)
    except RedisError:
        logger.warning("the cache does not answer: calls of the API are not counted")
        return 0
    return used


@cache
def _redis() -> Redis:
    """Return this process's connections; Django's cache would ask twice to count once."""
    patience = {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE}
    return Redis.from_url(settings.CACHES["default"]["LOCATION"], **patience)
