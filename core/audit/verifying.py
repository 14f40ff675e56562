"""Follow the chains from their beginning, and name the first record that is not as it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from core.audit.chains import BEGINNING, DEPLOYMENT_CHAIN, chain_of, next_digest, seal_mac
from core.audit.content import CONTENT_COLUMNS, EventContent, content_of_columns, mac_of
from core.audit.heads.statement import Head, HeadBrokenError
from core.audit.heads.stores import HeadStore
from core.common.crypto import constant_time_equal

_AT_ONCE: Final = 10_000
_PAGE: Final = f"""
    SELECT s.position, s.event_id, s.digest, s.key_version, s.mac,
           e.transaction_id, e.key_version, e.mac,
           {CONTENT_COLUMNS}
    FROM core_audit_auditseal AS s LEFT JOIN core_audit_auditevent AS e ON e.id = s.event_id
    WHERE s.chain = %s AND s.position > %s ORDER BY s.position LIMIT %s
"""  # noqa: S608 - names of columns alone
# Without the row that says how far sealing has come, whatever has no seal counts as passed over.
_UNSEALED: Final = """
    SELECT count(*), min(waits.at),
           (array_agg(waits.id ORDER BY waits.transaction_id, waits.id)
               FILTER (WHERE waits.passed_over))[1]
    FROM (
        SELECT e.id, e.at, e.transaction_id,
               COALESCE(e.transaction_id < sealing.through,
                        EXISTS (SELECT FROM core_audit_auditseal)) AS passed_over
        FROM core_audit_auditevent AS e LEFT JOIN core_audit_sealing AS sealing ON sealing.id = 1
        WHERE e.contract_id IS NOT DISTINCT FROM %s
          AND NOT EXISTS (SELECT FROM core_audit_auditseal AS s WHERE s.event_id = e.id)
    ) AS waits
"""


@dataclass(frozen=True)
class Break:
    """The first record of a chain that is not as it was.

    `position` None: it has none. `event_id` None: nobody knows it any more.
    """

    position: int | None
    event_id: UUID | None
    why: str


@dataclass(frozen=True)
class Verdict:
    """What was found in one chain."""

    chain: UUID
    events: int
    """How many were followed, from the first one on."""
    heads: int
    """How many kept heads were compared."""
    unsealed: int
    oldest_unsealed: datetime | None
    broken: Break | None


class _Row(NamedTuple):
    position: int
    event_id: UUID
    digest: bytes
    seal_version: int
    seal_mac: bytes
    transaction: int
    version: int
    mac: bytes
    content: EventContent | None


def verify_chain(chain: UUID, store: HeadStore) -> Verdict:
    """Follow one chain and compare it with the heads that are kept of it.

    For the command `audit verify`, and for whoever may read the audit. It is read a page at a time,
    while others go on writing. Raises OSError when the store does not answer.
    """
    heads = _Heads(store, chain)
    walk = _Walk(chain, heads)
    try:
        broken = walk.to_the_end()
    except HeadBrokenError:
        broken = Break(None, None, "Of the kept heads one was changed, or not signed here.")
    unsealed, oldest_unsealed, passed_over = _read_unsealed(chain)
    if broken is None and passed_over is not None:
        broken = Break(None, passed_over, "It stands among sealed events and has no seal.")
    return Verdict(
        chain=chain,
        events=walk.position,
        heads=heads.compared,
        unsealed=unsealed,
        oldest_unsealed=oldest_unsealed,
        broken=broken,
    )


def list_chains(store: HeadStore) -> list[UUID]:
    """Return every chain that has events or kept heads. Raises OSError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT contract_id FROM core_audit_auditevent")
        events = {chain_of(key) for (key,) in cursor.fetchall()}
        cursor.execute("SELECT DISTINCT chain FROM core_audit_auditseal")
        sealed = {key for (key,) in cursor.fetchall()}
    return sorted(events | sealed | store.chains())


class _Heads:
    """The kept heads of a chain, beside whoever goes along it."""

    def __init__(self, store: HeadStore, chain: UUID) -> None:
        self._store, self._left = store, store.heads_of(chain)
        self._next: Head | None = None
        self.compared = 0

    def contradict(self, position: int, digest: bytes) -> bool:
        """Tell whether a head says something else about a position; those before it are past."""
        while (head := self._peek()) is not None and head.position <= position:
            self._next = None
            same = head.position == position and constant_time_equal(head.digest, digest)
            if not same and self._store.confirms(head):
                return True
            self.compared += same
        return False

    def further(self) -> Head | None:
        """Return the next head, which is of more events than the chain has; None: there is none."""
        while (head := self._peek()) is not None:
            if self._store.confirms(head):
                return head
            self._next = None
        return None

    def _peek(self) -> Head | None:
        self._next = self._next or next(self._left, None)
        return self._next


class _Walk:
    """Goes along a chain; `position` and `digest` are those of the last event that is as it was."""

    def __init__(self, chain: UUID, heads: _Heads) -> None:
        self.chain, self._heads = chain, heads
        self.position, self.digest = 0, BEGINNING

    def to_the_end(self) -> Break | None:
        """Return the first record that is not as it was; None when all are."""
        for row in _rows(self.chain):
            wrong = self._wrong(row)
            if wrong:
                return Break(self.position + 1, row.event_id, wrong)
            self.position, self.digest = row.position, row.digest
            if self._heads.contradict(self.position, self.digest):
                return Break(self.position, row.event_id, "A kept head says that it was another.")
        head = self._heads.further()
        if head is None:
            return None
        why = f"It is gone: a head of {head.position:,} events was kept."
        return Break(self.position + 1, None, why)

    def _wrong(self, row: _Row) -> str:
        """Return what is wrong with the next row; "" when it is as it was."""
        content = row.content
        if row.position != self.position + 1:
            return f"It is gone, with its seal: the next one is number {row.position:,}."
        if content is None:
            return "It is gone, and its seal is there."
        if chain_of(content.contract_id) != self.chain:
            return "It was moved to another contract."
        try:
            return self._wrong_content(row, content)
        except KeyError as error:
            return (
                f"It names version {error} of PORTAL_SECRET_KEYS, which is not held here: it was "
                "changed, or the key has to be added."
            )

    def _wrong_content(self, row: _Row, content: EventContent) -> str:
        parts = content.parts()
        if not constant_time_equal(mac_of(parts, version=row.version), row.mac):
            return "It was changed, or not written by the portal."
        digest = next_digest(
            self.digest,
            position=row.position,
            parts=parts,
            mac=row.mac,
            transaction=row.transaction,
        )
        if not constant_time_equal(digest, row.digest):
            return "It does not follow from the one before it."
        mac = seal_mac(self.chain, row.position, row.digest, version=row.seal_version)
        if not constant_time_equal(mac, row.seal_mac):
            return "It was not sealed by the portal."
        return ""


def _rows(chain: UUID) -> Iterator[_Row]:
    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_PAGE, [chain, last, _AT_ONCE])
            found = cursor.fetchall()
            for row in found:
                yield _row(row)
            if len(found) < _AT_ONCE:
                return
            last = found[-1][0]


def _row(row: Sequence[Any]) -> _Row:
    position, event_id, digest, seal_version, mac, *event = row
    seal = (position, event_id, bytes(digest), seal_version, bytes(mac))
    transaction, version, writers_mac, *content = event
    if transaction is None:
        return _Row(*seal, 0, 0, b"", None)
    return _Row(*seal, transaction, version, bytes(writers_mac), content_of_columns(content))


def _read_unsealed(chain: UUID) -> tuple[int, datetime | None, UUID | None]:
    """Return how many events have no seal, the oldest's moment, and the first one passed over."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED, [None if chain == DEPLOYMENT_CHAIN else chain])
        count, oldest, passed_over = cursor.fetchone()
    return int(count), oldest, passed_over
