"""Seal events: give each its place in the hash chain of its contract.

Who writes an event does not wait for a chain: writers of one contract would queue for its end, and
behind the slowest open transaction. The sealer comes after them. It takes what is below the
horizon, the oldest transaction still open: nothing can appear there any more, so that events are
sealed in the order of their transactions, each once, and nothing is passed over.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from core.audit.chains import BEGINNING, chain_of, next_digest, seal_mac
from core.audit.content import CONTENT_COLUMNS, EventContent, content_of_columns
from core.audit.following import SealedEvent, tell_followers
from core.common.crypto import current_key_version

AT_ONCE: Final = 5_000
"""Events of one turn, each a transaction: what is lost with a killed sealer, and done again."""
_LOOK: Final = """
    SELECT (SELECT through FROM core_audit_sealing WHERE id = 1),
           pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
_WAITS: Final = """
    SELECT EXISTS (
        SELECT FROM core_audit_auditevent AS e
        WHERE e.transaction_id >= %s AND e.transaction_id < %s
          AND NOT EXISTS (SELECT FROM core_audit_auditseal AS s WHERE s.event_id = e.id)
    )
"""
_BEGIN: Final = "INSERT INTO core_audit_sealing (id, through) VALUES (1, 0) ON CONFLICT DO NOTHING"
_HOLD: Final = "SELECT FROM core_audit_sealing WHERE id = 1 FOR UPDATE SKIP LOCKED"
_PENDING: Final = f"""
    SELECT e.transaction_id, e.mac,
           {CONTENT_COLUMNS}
    FROM core_audit_auditevent AS e
    WHERE ((e.transaction_id >= %(through)s AND e.transaction_id < %(horizon)s)
           OR e.transaction_id >= %(elsewhere)s)
      AND NOT EXISTS (SELECT FROM core_audit_auditseal AS s WHERE s.event_id = e.id)
    ORDER BY e.transaction_id, e.id
    LIMIT %(most)s
"""  # noqa: S608 - names of columns alone
_ENDS: Final = """
    SELECT asked.chain, last.position, last.digest
    FROM unnest(%s::uuid[]) AS asked(chain)
    CROSS JOIN LATERAL (
        SELECT s.position, s.digest FROM core_audit_auditseal AS s
        WHERE s.chain = asked.chain ORDER BY s.position DESC LIMIT 1
    ) AS last
"""
_SEAL: Final = """
    INSERT INTO core_audit_auditseal
        (event_id, chain, position, digest, mac, key_version, sealed_at)
    SELECT *, %s, %s
    FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bytea[], %s::bytea[])
"""
_ADOPTED: Final = """
    SELECT a.transaction_id, a.contract_id, a.at FROM core_audit_adoption AS a
    WHERE a.transaction_id = ANY(%s)
"""
_NEVER: Final = 2**63 - 1
_MOVE_ON: Final = "UPDATE core_audit_sealing SET through = %s WHERE id = 1"


class _Pending(NamedTuple):
    """An event without a seal."""

    transaction: int
    mac: bytes
    content: EventContent


class _Seal(NamedTuple):
    """A place in a chain."""

    event_id: UUID
    chain: UUID
    position: int
    digest: bytes
    mac: bytes


def seal_events(*, at: datetime) -> int:
    """Seal the next events; returns how many, 0 when none waits or somebody else is at it.

    Called by the sealer's process over and over (`manage.py audit seal`). In one transaction: a
    sealer that is killed leaves all of a turn or nothing, what followers wrote with it. Records
    nothing, for its own events would have to be sealed in turn.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not _waits(cursor) or not _hold(cursor):
            return 0
        here = _look(cursor)  # anew: another sealer may have gone on meanwhile
        pending = _read_pending(cursor, here)
        if pending:
            seals = _chained(cursor, pending)
            _write(cursor, seals, at=at)
            tell_followers(_sealed(cursor, pending, seals), at=at)
        if len(pending) < AT_ONCE:
            cursor.execute(_MOVE_ON, [here.horizon])
        elif not here.is_elsewhere:
            cursor.execute(_MOVE_ON, [pending[-1].transaction])
    return len(pending)


class _Place(NamedTuple):
    """How far the sealer has come, and how far it may come. All are ids of transactions."""

    through: int
    horizon: int
    """The oldest transaction still open: what earlier ones wrote is there, or never will be."""
    ahead: int
    """What no transaction of this database has yet."""

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the rows came from another database, whose transactions went further.

        Such rows were all committed there. This database's own begin anew, below them.
        """
        return self.through > self.ahead


def _look(cursor: Any) -> _Place:
    cursor.execute(_LOOK)
    through, horizon, ahead = cursor.fetchone()
    return _Place(through or 0, horizon, ahead)


def _waits(cursor: Any) -> bool:
    """Tell whether there is something to do: who looks and finds nothing writes nothing."""
    here = _look(cursor)
    if here.is_elsewhere:
        return True
    cursor.execute(_WAITS, [here.through, here.horizon])
    return bool(cursor.fetchone()[0])


def _hold(cursor: Any) -> bool:
    """Keep other sealers out until the transaction ends; False when one is at work."""
    cursor.execute(_BEGIN)
    cursor.execute(_HOLD)
    return cursor.fetchone() is not None


def _read_pending(cursor: Any, here: _Place) -> list[_Pending]:
    asked = {
        "through": 0 if here.is_elsewhere else here.through,
        "horizon": here.horizon,
        "elsewhere": here.ahead if here.is_elsewhere else _NEVER,
        "most": AT_ONCE,
    }
    cursor.execute(_PENDING, asked)
    return [
        _Pending(number, bytes(mac), content_of_columns(content))
        for number, mac, *content in cursor.fetchall()
    ]


def _chained(cursor: Any, pending: Sequence[_Pending]) -> list[_Seal]:
    chains = {chain_of(one.content.contract_id) for one in pending}
    cursor.execute(_ENDS, [sorted(chains)])
    ends = {chain: (position, bytes(digest)) for chain, position, digest in cursor.fetchall()}
    version = current_key_version()
    made: list[_Seal] = []
    for one in pending:
        chain = chain_of(one.content.contract_id)
        last, previous = ends.get(chain, (0, BEGINNING))
        position = last + 1
        digest = next_digest(
            previous,
            position=position,
            parts=one.content.parts(),
            mac=one.mac,
            transaction=one.transaction,
        )
        ends[chain] = (position, digest)
        mac = seal_mac(chain, position, digest, version=version)
        made.append(_Seal(one.content.id, chain, position, digest, mac))
    return made


def _write(cursor: Any, seals: Sequence[_Seal], *, at: datetime) -> None:
    columns = [list(column) for column in zip(*seals, strict=True)]
    cursor.execute(_SEAL, [current_key_version(), at, *columns])


def _sealed(cursor: Any, pending: Sequence[_Pending], seals: Sequence[_Seal]) -> list[SealedEvent]:
    """Return the events with their places, and which of them another deployment recorded.

    Those came in one transaction with the contract's data, before anything was done there.
    """
    cursor.execute(_ADOPTED, [sorted({one.transaction for one in pending})])
    adopted = {(number, contract): at for number, contract, at in cursor.fetchall()}
    found: list[SealedEvent] = []
    for one, seal in zip(pending, seals, strict=True):
        came_at = adopted.get((one.transaction, one.content.contract_id))
        is_adopted = came_at is not None and one.content.at < came_at
        found.append(SealedEvent(seal.chain, seal.position, one.content, is_adopted))
    return found
