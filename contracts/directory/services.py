"""Writes to the shared index; called by the roster in the transaction of its own change."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db import connection, transaction

from contracts.directory.models import Fingerprint, IndexedRule
from core.common.ids import uuid7

_BATCH = 5_000
_MAKE_STAGING = """
    CREATE TEMPORARY TABLE directory_staging
        (id uuid, entry_id uuid, key_version smallint, digest bytea)
    ON COMMIT DROP
"""
_FILL_STAGING = "COPY directory_staging (id, entry_id, key_version, digest) FROM STDIN"
_DELETE_STALE = """
    DELETE FROM contracts_directory_fingerprint kept
    WHERE contract_id = %s AND NOT EXISTS (
        SELECT 1 FROM directory_staging fresh
        WHERE fresh.digest = kept.digest AND fresh.entry_id = kept.entry_id
    )
"""
_INSERT_FRESH = """
    INSERT INTO contracts_directory_fingerprint (id, contract_id, entry_id, key_version, digest)
    SELECT id, %s, entry_id, key_version, digest FROM directory_staging
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Print:
    """One fingerprint as the roster computes it."""

    entry_id: UUID
    key_version: int
    digest: bytes


def add_fingerprints(*, contract_id: UUID, prints: Iterable[Print]) -> None:
    """Publish fingerprints beside those that a contract has; known ones change nothing."""
    Fingerprint.objects.bulk_create(
        (
            Fingerprint(
                contract_id=contract_id,
                entry_id=value.entry_id,
                key_version=value.key_version,
                digest=value.digest,
            )
            for value in prints
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def change_fingerprints(
    *, contract_id: UUID, entry_id: UUID, former: Iterable[bytes], prints: Iterable[Print]
) -> None:
    """Publish one entry anew; `former` are the digests that it may have until now.

    The caller has locked the entry. Rows are found by their digests: the index leads with them.
    """
    fresh = list(prints)
    gone = set(former) - {one.digest for one in fresh}
    Fingerprint.objects.filter(digest__in=gone, contract_id=contract_id, entry_id=entry_id).delete()
    add_fingerprints(contract_id=contract_id, prints=fresh)


@transaction.atomic
def replace_fingerprints(*, contract_id: UUID, prints: Iterable[Print], rule: str) -> int:
    """Make a contract's fingerprints exactly these, and return how many there are.

    Rows that stay are not touched, so that an import that changes little writes little. `rule` is
    the digest of the rule that they follow from.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_STAGING)
        # In batches read beforehand: `prints` may itself read from this connection, which answers
        # nothing else while a COPY is open.
        source = iter(prints)
        while batch := list(islice(source, _BATCH)):
            with cursor.copy(_FILL_STAGING) as copy:
                for value in batch:
                    copy.write_row((uuid7(), value.entry_id, value.key_version, value.digest))
        cursor.execute("ANALYZE directory_staging")
        cursor.execute(_DELETE_STALE, [contract_id])
        cursor.execute(_INSERT_FRESH, [contract_id])
        cursor.execute("DROP TABLE directory_staging")
    IndexedRule.objects.update_or_create(contract_id=contract_id, defaults={"digest": rule})
    return Fingerprint.objects.filter(contract_id=contract_id).count()
