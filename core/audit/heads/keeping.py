"""Keep the heads of the chains that have grown."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from core.audit.heads.statement import Head
from core.audit.heads.stores import HeadStore

# For each chain its end, by the index: a chain's beginning leads on to the next chain.
_ENDS: Final = """
    WITH RECURSIVE chains AS (
        (SELECT chain FROM core_audit_auditseal ORDER BY chain LIMIT 1)
        UNION ALL
        SELECT (SELECT s.chain FROM core_audit_auditseal AS s
                WHERE s.chain > chains.chain ORDER BY s.chain LIMIT 1)
        FROM chains WHERE chains.chain IS NOT NULL
    )
    SELECT last.chain, last.position, last.digest
    FROM chains CROSS JOIN LATERAL (
        SELECT s.chain, s.position, s.digest FROM core_audit_auditseal AS s
        WHERE s.chain = chains.chain ORDER BY s.position DESC LIMIT 1
    ) AS last
"""


def present_heads(*, at: datetime) -> list[Head]:
    """Return the end of each chain (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDS)
        rows = cursor.fetchall()
    return [Head(chain, position, bytes(digest), at) for chain, position, digest in rows]


class Keeper:
    """Remembers what it has kept, so that a chain that rests is not kept over and over."""

    def __init__(self, store: HeadStore) -> None:
        self._store = store
        self._kept: dict[UUID, int] = {}

    def keep_heads(self, *, at: datetime) -> int:
        """Keep the heads that are new; returns how many. Raises OSError.

        Called by the sealer's process every minute. Whoever cuts a chain off behind a kept head is
        found out by it.
        """
        new = [one for one in present_heads(at=at) if self._kept.get(one.chain) != one.position]
        for head in new:
            self._store.keep(head)
            self._kept[head.chain] = head.position
        return len(new)
