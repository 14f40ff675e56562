"""Count attempts in the database, so that limits hold across processes, hosts and restarts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from core.accounts.models import LimitCount
from core.common.crypto import keyed_digest
from core.common.ids import uuid7

THROTTLED: Final = "throttled"
"""Audit result of what was asked for too often."""
_DIGEST_PURPOSE = "registration.attempts"


@dataclass(frozen=True)
class Limit:
    """How often one thing (an address, an identifier, a username) may be tried in a window."""

    scope: str
    value: str
    attempts: int
    window: timedelta


@dataclass(frozen=True)
class Allowance:
    """Whether an attempt is answered; where not, from when on the next one is."""

    allowed: bool
    retry_at: datetime | None = None


# Each limit but the first takes its row from the one before: it is counted after that one, and
# only where that one allows it.
_COUNT = """limit_{place} AS (
  INSERT INTO {table} AS present (id, scope, digest, window_ends_at, attempts)
  SELECT %s::uuid, %s::text, %s::bytea, %s::timestamptz, 1 {condition}
  ON CONFLICT (scope, digest) DO UPDATE SET
    attempts = CASE WHEN present.window_ends_at <= %s THEN 1 ELSE present.attempts + 1 END,
    window_ends_at = CASE WHEN present.window_ends_at <= %s
      THEN excluded.window_ends_at ELSE present.window_ends_at END
  RETURNING attempts > %s AS refused, window_ends_at
)"""
_FORMER = "FROM limit_{place} WHERE NOT refused"
_REFUSAL = "SELECT window_ends_at FROM limit_{place} WHERE refused"


def count_attempt(*, limits: Sequence[Limit], at: datetime) -> Allowance:
    """Count one attempt against each limit in turn, and say whether it may be answered.

    What one limit refuses is not counted under those that follow: who is refused already uses up
    nothing there. One statement, counted before anything is compared, so that parallel attempts
    cannot pass a limit together. Limits that are counted together always come in the same order,
    so that two requests lock them in the same order. Called outside of a transaction by the
    services that answer the public: a refusal must leave its count. A database that cannot count
    raises, and nothing is answered.
    """
    table = connection.ops.quote_name(LimitCount._meta.db_table)
    counts: list[str] = []
    values: list[Any] = []
    for place, limit in enumerate(limits):
        condition = _FORMER.format(place=place - 1) if place else ""
        counts.append(_COUNT.format(place=place, table=table, condition=condition))
        digest = keyed_digest(_DIGEST_PURPOSE, limit.scope, limit.value)
        values += [uuid7(), limit.scope, digest, at + limit.window, at, at, limit.attempts]
    refusals = " UNION ALL ".join(_REFUSAL.format(place=place) for place in range(len(limits)))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(counts)} {refusals}", values)
        refusal = cursor.fetchone()
    return Allowance(allowed=refusal is None, retry_at=refusal[0] if refusal else None)


def forget_counts(*, at: datetime) -> None:
    """Delete the counts whose window has ended."""
    LimitCount.objects.filter(window_ends_at__lte=at).delete()
