"""Putting a set of changes into the roster: entries, and the codes that they bring along."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from psycopg import sql

from contracts.directory.fingerprints import fingerprint
from contracts.registration.rules import EntryFacts, issued_code_digest, issued_code_pair
from contracts.roster.columns import COLUMNS
from contracts.roster.models import IssuedCode, StagedCode
from contracts.roster.selectors import usable_codes
from contracts.roster.services.codes import code_rule, known_digests
from contracts.roster.services.staging import Staging
from core.audit.recording import record
from core.common.crypto import constant_time_equal, current_key_version
from tenants.configuration.document import RegistrationSection
from tenants.context import require_contract

_AT_ONCE: Final = 1_000
_FIELDS: Final = sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS)
_NEW: Final = sql.SQL(", ").join(sql.Identifier("new", name) for name in COLUMNS)
_INSERT: Final = sql.SQL(
    "INSERT INTO contracts_roster_rosterentry (id, unit_key, {fields}) "
    "SELECT entry, unit_key, {fields} FROM contracts_roster_rosterchange "
    "WHERE changes = %s AND kind = 'added' ORDER BY id"
).format(fields=_FIELDS)
_UPDATE: Final = sql.SQL(
    "UPDATE contracts_roster_rosterentry kept SET ({fields}, removed_at) = ROW({new}, NULL) "
    "FROM contracts_roster_rosterchange new WHERE new.changes = %s "
    "AND new.kind IN ('changed', 'returned') AND kept.id = new.entry"
).format(fields=_FIELDS, new=_NEW)
_REMOVE: Final = (
    "UPDATE contracts_roster_rosterentry kept SET removed_at = %s "
    "FROM contracts_roster_rosterchange gone WHERE gone.changes = %s AND gone.kind = 'removed' "
    "AND kept.id = gone.entry"
)


def apply_changes(changes: UUID, *, at: datetime) -> None:
    """Write a set of changes into the entries, in the caller's transaction.

    The caller has seen to it that the roster is still the one that the set was made of.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [changes])
        cursor.execute(_UPDATE, [changes])
        cursor.execute(_REMOVE, [at, changes])


def stage_codes(changes: UUID, table: Staging) -> None:
    """Keep digests of the codes that a file brings along and that their entries never had."""
    registration = require_contract().document.registration
    for batch in table.codes(at_once=_AT_ONCE):
        StagedCode.objects.bulk_create(_fresh_codes(changes, registration, batch))


def store_codes(changes: UUID, *, by: UUID | None, at: datetime) -> int:
    """Make the staged codes of a set codes of their entries, and return how many there are.

    An entry's earlier codes that could still be used are revoked. Records `issued_code.issued`
    with counts. In the caller's transaction, before the index is published anew.
    """
    staged = StagedCode.objects.filter(changes=changes)
    if not staged.exists():
        return 0
    contract = require_contract()
    rule = code_rule(contract.document.registration)
    entries = staged.values("entry")
    revoked = usable_codes(at).filter(entry__in=entries).update(revoked_at=at)
    made = 0
    for batch in _batches(changes):
        rows = IssuedCode.objects.bulk_create(
            (
                IssuedCode(
                    entry_id=code.entry,
                    digest=bytes(code.digest),
                    fingerprint=code.fingerprint and bytes(code.fingerprint),
                    key_version=code.key_version,
                    created_at=at,
                    expires_at=at + timedelta(days=rule.valid_days),
                    max_uses=rule.max_uses,
                )
                for code in batch
            ),
            ignore_conflicts=True,
        )
        made += len(rows)
    staged.delete()
    record(
        "issued_code.issued",
        contract_id=contract.id,
        actor_id=by,
        data={"from_roster": str(changes), "count": made, "revoked": revoked},
        at=at,
    )
    return made


def _batches(changes: UUID) -> Iterator[list[StagedCode]]:
    last = 0
    while True:
        rows = StagedCode.objects.filter(changes=changes, id__gt=last).order_by("id")
        batch = list(rows[:_AT_ONCE])
        if not batch:
            return
        yield batch
        last = batch[-1].id


def _fresh_codes(
    changes: UUID, registration: RegistrationSection, codes: list[tuple[EntryFacts, str]]
) -> Iterator[StagedCode]:
    """Yield those that their entries never had: a code that was spent or revoked stays as it is."""
    version, known = current_key_version(), known_digests([entry.id for entry, _ in codes])
    for entry, code in codes:
        if any(
            constant_time_equal(issued_code_digest(entry.id, code, version=former), digest)
            for former, digest in known.get(entry.id, ())
        ):
            continue
        pair = issued_code_pair(registration, entry, code)
        yield StagedCode(
            changes=changes,
            entry=entry.id,
            digest=issued_code_digest(entry.id, code, version=version),
            fingerprint=fingerprint(*pair, version=version) if pair else None,
            key_version=version,
        )
