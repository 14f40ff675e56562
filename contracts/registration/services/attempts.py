"""Count attempts in the database, so that limits hold across processes, hosts and restarts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from contracts.registration.models import AttemptCount
from core.common.crypto import keyed_digest
from core.common.ids import uuid7

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


_COUNT = """
INSERT INTO {table} AS present (id, scope, digest, window_ends_at, attempts)
SELECT wanted.id, wanted.scope, wanted.digest, wanted.window_ends_at, 1
FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::timestamptz[])
  AS wanted (id, scope, digest, window_ends_at)
ON CONFLICT (scope, digest) DO UPDATE SET
  attempts = CASE WHEN present.window_ends_at <= %s THEN 1 ELSE present.attempts + 1 END,
  window_ends_at = CASE WHEN present.window_ends_at <= %s
    THEN excluded.window_ends_at ELSE present.window_ends_at END
RETURNING scope, attempts, window_ends_at
"""


def count_attempt(*, limits: Sequence[Limit], at: datetime) -> Allowance:
    """Count one attempt against each limit and say whether it may be answered.

    One statement, counted before anything is compared, so that parallel attempts cannot pass a
    limit together. Called outside of a transaction by the services that answer the public: a
    refusal must leave its count. A database that cannot count raises, and nothing is answered.
    """
    # Sorted, so that two requests that count the same things lock them in the same order.
    ordered = sorted(limits, key=lambda limit: limit.scope)
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT.format(table=connection.ops.quote_name(AttemptCount._meta.db_table)),
            [
                [uuid7() for _ in ordered],
                [limit.scope for limit in ordered],
                [keyed_digest(_DIGEST_PURPOSE, limit.scope, limit.value) for limit in ordered],
                [at + limit.window for limit in ordered],
                at,
                at,
            ],
        )
        counted = {scope: (attempts, ends) for scope, attempts, ends in cursor.fetchall()}
    ends = [
        counted[limit.scope][1] for limit in ordered if counted[limit.scope][0] > limit.attempts
    ]
    return Allowance(allowed=not ends, retry_at=max(ends, default=None))


def forget_counts(*, at: datetime) -> None:
    """Delete the counts whose window has ended."""
    AttemptCount.objects.filter(window_ends_at__lte=at).delete()
