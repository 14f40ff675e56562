"""Ways to make the trail say something else, for somebody who owns the database and has no key."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from core.audit.chains import next_digest
from core.audit.content import EventContent
from core.common.ids import uuid7
from tests.integration.audit.conftest import without_protection

Tampering = Callable[[Any, UUID, int], int]
"""With a cursor, for a chain and a position; returns the position of the record that is named."""
_EVENT_AT: Final = "(SELECT event_id FROM core_audit_auditseal WHERE chain = %s AND position = %s)"


def change(cursor: Any, chain: UUID, position: int) -> int:
    cursor.execute(
        f"UPDATE core_audit_auditevent SET result = 'refused' WHERE id = {_EVENT_AT}",
        [chain, position],
    )
    return position


def change_its_data(cursor: Any, chain: UUID, position: int) -> int:
    cursor.execute(
        f"UPDATE core_audit_auditevent SET data = '{{}}' WHERE id = {_EVENT_AT}",
        [chain, position],
    )
    return position


def change_when_it_was_committed(cursor: Any, chain: UUID, position: int) -> int:
    cursor.execute(
        f"UPDATE core_audit_auditevent SET transaction_id = 5 WHERE id = {_EVENT_AT}",
        [chain, position],
    )
    return position


def name_a_key_that_nobody_has(cursor: Any, chain: UUID, position: int) -> int:
    cursor.execute(
        f"UPDATE core_audit_auditevent SET key_version = 99 WHERE id = {_EVENT_AT}",
        [chain, position],
    )
    return position


def name_a_key_that_nobody_has_for_its_seal(cursor: Any, chain: UUID, position: int) -> int:
    cursor.execute(
        "UPDATE core_audit_auditseal SET key_version = 99 WHERE chain = %s AND position = %s",
        [chain, position],
    )
    return position


def delete(cursor: Any, chain: UUID, position: int) -> int:
    cursor.execute(f"DELETE FROM core_audit_auditevent WHERE id = {_EVENT_AT}", [chain, position])
    return position


def delete_with_its_seal(cursor: Any, chain: UUID, position: int) -> int:
    delete(cursor, chain, position)
    _delete_seals(cursor, chain, position, position)
    return position


def delete_and_close_the_gap(cursor: Any, chain: UUID, position: int) -> int:
    """As whoever can reckon does it: digests need no key, and MACs of seals do."""
    delete_with_its_seal(cursor, chain, position)
    _shift(cursor, chain, position + 1, by=-1)
    _reckon_anew(cursor, chain)
    return position


def insert(cursor: Any, chain: UUID, position: int) -> int:
    """Put a copy in between; its writer's MAC belongs to another one."""
    made = uuid7()
    _shift(cursor, chain, position, by=1)
    _copy(cursor, chain, position - 1 or position + 1, made)
    cursor.execute(
        "INSERT INTO core_audit_auditseal "
        "SELECT %s, chain, %s, digest, key_version, mac, sealed_at FROM core_audit_auditseal "
        "WHERE chain = %s LIMIT 1",
        [made, position, chain],
    )
    _reckon_anew(cursor, chain)
    return position


def swap(cursor: Any, chain: UUID, position: int) -> int:
    """Let two change places, whole as they are."""
    aside = 2**41
    for now, then in ((position, aside), (position + 1, position), (aside, position + 1)):
        cursor.execute(
            "UPDATE core_audit_auditseal SET position = %s WHERE chain = %s AND position = %s",
            [then, chain, now],
        )
    return position


def cut_off(cursor: Any, chain: UUID, position: int) -> int:
    """Delete the end of the chain with its seals: what is left is as it was."""
    cursor.execute(
        "DELETE FROM core_audit_auditevent AS e USING core_audit_auditseal AS s "
        "WHERE s.event_id = e.id AND s.chain = %s AND s.position >= %s",
        [chain, position],
    )
    _delete_seals(cursor, chain, position, 2**62)
    return position


def move_elsewhere(cursor: Any, chain: UUID, position: int) -> int:
    cursor.execute(
        f"UPDATE core_audit_auditevent SET contract_id = NULL WHERE id = {_EVENT_AT}",
        [chain, position],
    )
    return position


EVERY: Final[tuple[Tampering, ...]] = (
    change,
    change_its_data,
    change_when_it_was_committed,
    name_a_key_that_nobody_has,
    name_a_key_that_nobody_has_for_its_seal,
    delete,
    delete_with_its_seal,
    delete_and_close_the_gap,
    insert,
    swap,
    cut_off,
    move_elsewhere,
)


@contextmanager
def undone_afterwards(chain: UUID) -> Iterator[None]:
    """Keep copies of a chain's events and seals while somebody tampers, and put them back."""
    with without_protection() as cursor:
        cursor.execute(
            "CREATE TABLE kept_seals AS SELECT * FROM core_audit_auditseal WHERE chain = %s",
            [chain],
        )
        cursor.execute(
            "CREATE TABLE kept_events AS SELECT e.* FROM core_audit_auditevent AS e "
            "JOIN kept_seals AS s ON s.event_id = e.id"
        )
    try:
        yield
    finally:
        with without_protection() as cursor:
            cursor.execute("DELETE FROM core_audit_auditseal WHERE chain = %s", [chain])
            cursor.execute(
                "DELETE FROM core_audit_auditevent "
                "WHERE contract_id = %s OR id IN (SELECT id FROM kept_events)",
                [chain],
            )
            cursor.execute("INSERT INTO core_audit_auditseal SELECT * FROM kept_seals")
            cursor.execute("INSERT INTO core_audit_auditevent SELECT * FROM kept_events")
            cursor.execute("DROP TABLE kept_seals, kept_events")


def _delete_seals(cursor: Any, chain: UUID, first: int, last: int) -> None:
    cursor.execute(
        "DELETE FROM core_audit_auditseal WHERE chain = %s AND position BETWEEN %s AND %s",
        [chain, first, last],
    )


def _shift(cursor: Any, chain: UUID, first: int, *, by: int) -> None:
    """Move the seals from a position on, by way of places where none is."""
    far = 2**40
    for step, beginning in ((far, first), (by - far, far)):
        cursor.execute(
            "UPDATE core_audit_auditseal SET position = position + %s "
            "WHERE chain = %s AND position >= %s",
            [step, chain, beginning],
        )


def _copy(cursor: Any, chain: UUID, position: int, made: UUID) -> None:
    columns = (
        "at, event_type, result, actor_id, subject_type, subject_id, contract_id, request_id, "
        "remote_address, data, transaction_id, key_version, mac"
    )
    cursor.execute(
        f"INSERT INTO core_audit_auditevent (id, {columns}) "
        f"SELECT %s, {columns} FROM core_audit_auditevent WHERE id = {_EVENT_AT}",
        [made, chain, position],
    )


def _reckon_anew(cursor: Any, chain: UUID) -> None:
    """Give every seal the digest that follows, and a MAC of whoever has no key."""
    cursor.execute(
        "SELECT s.position, e.transaction_id, e.mac, e.id, e.at, e.event_type, e.result, "
        "e.actor_id, e.subject_type, e.subject_id, e.contract_id, e.request_id, "
        "e.remote_address, e.data FROM core_audit_auditseal AS s "
        "JOIN core_audit_auditevent AS e ON e.id = s.event_id "
        "WHERE s.chain = %s ORDER BY s.position",
        [chain],
    )
    digest, places, digests = b"\0" * 32, [], []
    for position, number, mac, *rest, data in cursor.fetchall():
        digest = next_digest(
            digest,
            position=position,
            parts=EventContent._make([*rest, json.loads(data)]).parts(),
            mac=bytes(mac),
            transaction=number,
        )
        places.append(position)
        digests.append(digest)
    cursor.execute(
        "UPDATE core_audit_auditseal AS s SET digest = anew.digest, mac = sha256(anew.digest) "
        "FROM unnest(%s::bigint[], %s::bytea[]) AS anew(position, digest) "
        "WHERE s.chain = %s AND s.position = anew.position AND s.digest <> anew.digest",
        [places, digests, chain],
    )
