"""Issued registration codes: made, shown once, revoked by a newer one, spent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from contracts.directory.fingerprints import fingerprint
from contracts.directory.services import Print, add_fingerprints
from contracts.registration.rules import (
    issued_code_digest,
    issued_code_pair,
    new_issued_code,
)
from contracts.roster.models import IssuedCode, RosterEntry
from contracts.roster.selectors import entry_facts, usable_codes
from core.audit.recording import record
from core.common.crypto import current_key_version
from core.common.errors import DomainError
from tenants.configuration.document import IssuedCodeRule, KnowledgeProofRule, RegistrationSection
from tenants.context import ActiveContract, require_contract


class NoIssuedCodesError(DomainError):
    """The contract's rule has no codes that the portal issues."""

    code: ClassVar[str] = "no_issued_codes"
    message: ClassVar[str] = "This contract's rule does not work with issued codes."


@dataclass(frozen=True)
class NewCode:
    """A code in the only moment in which it can be read."""

    id: UUID
    entry_id: UUID
    code: str
    expires_at: datetime


@transaction.atomic
def issue_codes(
    *, entries: Iterable[RosterEntry], by: UUID | None, at: datetime, revoke: bool = True
) -> list[NewCode]:
    """Make a new code for each entry of the contract in hand, and return them to be shown once.

    Called by operators (`roster issue-codes`) and when a code goes to the address on file. Only
    digests are stored. An entry's earlier codes that could still be used are revoked, unless
    `revoke` is false: so where anybody may ask for a code, or strangers could end the code that a
    provider holds. Publishes the new pairs in the shared index. Records
    `issued_code.issued` with ids and counts. Raises NoIssuedCodesError where the rule takes no
    issued code.
    """
    contract = require_contract()
    rule = code_rule(contract.document.registration)
    locked = _lock(entries)
    return _store(
        contract,
        [(entry, new_issued_code(rule.length)) for entry in locked],
        by=by,
        at=at,
        revoke=revoke,
    )


@transaction.atomic
def revoke_codes(*, entries: QuerySet[RosterEntry], reason: str, by: UUID, at: datetime) -> int:
    """End the codes of some entries that could still be used; returns how many.

    Called by staff who may issue codes, after a fresh sign-in; one statement, whatever their
    number. Who has begun a registration with one cannot complete it. Records `issued_code.revoked`,
    about the entry where it was one.
    """
    contract = require_contract()
    code_rule(contract.document.registration)
    codes = usable_codes(at).filter(entry__in=entries.order_by().values("pk"))
    named = list(entries.order_by().values_list("pk", flat=True)[:2])
    revoked = codes.update(revoked_at=at)
    record(
        "issued_code.revoked",
        contract_id=contract.id,
        actor_id=by,
        subject=("roster_entry", named[0]) if len(named) == 1 else None,
        data={"codes": revoked, "reason": reason},
        at=at,
    )
    return revoked


@transaction.atomic
def spend_code(*, code_id: UUID, by: UUID | None, at: datetime) -> bool:
    """Count one use of a code of the contract in hand; False if it cannot be used any more.

    To be called in the transaction that completes a registration, whose refusal rolls the use
    back. One UPDATE counts and checks, so that of many at once no more succeed than the code has
    uses. Records `issued_code.spent`, with the result `refused` for a failure.
    """
    contract = require_contract()
    spent = usable_codes(at).filter(pk=code_id).update(uses=F("uses") + 1)
    record(
        "issued_code.spent",
        contract_id=contract.id,
        actor_id=by,
        subject=("issued_code", code_id),
        result="ok" if spent else "refused",
        at=at,
    )
    return bool(spent)


@transaction.atomic
def return_code(*, code_id: UUID, at: datetime) -> None:
    """Give back one use of a code of the contract in hand: what it was spent on came to nothing.

    Called when a registration ends that nobody decided about. Revoked or expired it stays so.
    Records `issued_code.returned`.
    """
    contract = require_contract()
    returned = IssuedCode.objects.filter(pk=code_id, uses__gt=0).update(uses=F("uses") - 1)
    record(
        "issued_code.returned",
        contract_id=contract.id,
        subject=("issued_code", code_id),
        result="ok" if returned else "refused",
        at=at,
    )


def code_rule(registration: RegistrationSection) -> IssuedCodeRule | KnowledgeProofRule:
    """Return the rule of codes that the portal issues. Raises NoIssuedCodesError without one."""
    rule = registration.rule
    if isinstance(rule, IssuedCodeRule):
        return rule
    if isinstance(rule, KnowledgeProofRule) and rule.issued_code_fallback:
        return rule
    raise NoIssuedCodesError


def _lock(entries: Iterable[RosterEntry]) -> list[RosterEntry]:
    """Lock the entries, always in one order, so that two issues of one entry follow each other."""
    ids = [entry.id for entry in entries]
    return list(RosterEntry.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def known_digests(entries: Iterable[UUID]) -> dict[UUID, list[tuple[int, bytes]]]:
    """Return the digests of all codes that entries ever had, each with its key's version."""
    known: dict[UUID, list[tuple[int, bytes]]] = {}
    rows = IssuedCode.objects.filter(entry__in=list(entries))
    for entry_id, version, digest in rows.values_list("entry_id", "key_version", "digest"):
        known.setdefault(entry_id, []).append((version, bytes(digest)))
    return known


def _store(
    contract: ActiveContract,
    codes: Sequence[tuple[RosterEntry, str]],
    *,
    by: UUID | None,
    at: datetime,
    revoke: bool = True,
) -> list[NewCode]:
    if not codes:
        return []
    entry_ids = [entry.id for entry, _ in codes]
    former = usable_codes(at).filter(entry__in=entry_ids)
    revoked = former.update(revoked_at=at) if revoke else 0
    registration = contract.document.registration
    make = _maker(registration, at)
    issued = IssuedCode.objects.bulk_create([make(entry, code) for entry, code in codes])
    add_fingerprints(
        contract_id=contract.id,
        prints=[
            Print(row.entry_id, row.key_version, bytes(row.fingerprint))
            for row in issued
            if row.fingerprint is not None
        ],
    )
    record(
        "issued_code.issued",
        contract_id=contract.id,
        actor_id=by,
        data={"codes": [str(row.id) for row in issued], "revoked": revoked},
        at=at,
    )
    return [
        NewCode(row.id, row.entry_id, code, row.expires_at)
        for row, (_, code) in zip(issued, codes, strict=True)
    ]


def _maker(
    registration: RegistrationSection, at: datetime
) -> Callable[[RosterEntry, str], IssuedCode]:
    rule = code_rule(registration)
    version = current_key_version()
    expires_at = at + timedelta(days=rule.valid_days)

    def make(entry: RosterEntry, code: str) -> IssuedCode:
        pair = issued_code_pair(registration, entry_facts(entry), code)
        return IssuedCode(
            entry=entry,
            digest=issued_code_digest(entry.id, code, version=version),
            fingerprint=fingerprint(*pair, version=version) if pair else None,
            key_version=version,
            created_at=at,
            expires_at=expires_at,
            max_uses=rule.max_uses,
        )

    return make
