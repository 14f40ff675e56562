"""A contract's part of the shared index, computed from its roster and issued codes."""

import json
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from contracts.directory.fingerprints import fingerprint
from contracts.directory.models import Fingerprint
from contracts.directory.selectors import is_indexed_by
from contracts.directory.services import (
    Print,
    add_fingerprints,
    change_fingerprints,
    replace_fingerprints,
)
from contracts.registration.rules import EntryFacts, entry_pairs
from contracts.roster.models import IssuedCode, RosterEntry
from contracts.roster.selectors import entry_facts, list_entries
from contracts.roster.services.staging import hold_entries
from core.common.crypto import current_key_version
from core.common.identifiers import IdentifierType
from tenants.configuration.document import RegistrationSection
from tenants.context import ActiveContract, require_contract

_PAIRED: Final = ("id", "identifier", "identifier_type", "code")
"""What the pairs of an entry are made of."""


@transaction.atomic
def rebuild_index() -> int:
    """Publish the contract in hand anew, and return how many fingerprints it has.

    Called by the import in its transaction; also after a new secret key. Entries stay as they are
    until the transaction ends: of two who rebuild at once one waits, and so does who changes an
    entry. Fingerprints of issued codes are taken from where they were stored when the code was
    made, under the key of that time. Needs a contract; raises NoContractError otherwise.
    """
    contract = require_contract()
    hold_entries()
    registration = contract.document.registration
    count = replace_fingerprints(
        contract_id=contract.id, prints=_prints(registration), rule=_rule_digest(registration)
    )
    return count + _add_latest_codes(contract)


@transaction.atomic
def renew_index() -> int | None:
    """Publish the contract in hand anew if its index follows from another rule than its document's.

    Called after a publication, and hourly for one that was interrupted. Returns the number of
    fingerprints; None: the index was right.
    """
    contract = require_contract()
    rule = _rule_digest(contract.document.registration)
    return None if is_indexed_by(rule, contract_id=contract.id) else rebuild_index()


@transaction.atomic
def publish_entry(entry: RosterEntry, *, former: EntryFacts) -> None:
    """Publish one entry anew, in the transaction that adds, changes or takes it off.

    `former` is what the rules saw of it before.
    """
    contract = require_contract()
    pairs = partial(entry_pairs, contract.document.registration)
    version = current_key_version()
    codes = list(_code_prints(IssuedCode.objects.filter(entry=entry).exclude(fingerprint=None)))
    prints = [
        Print(entry.id, version, fingerprint(*pair, version=version))
        for pair in pairs(entry_facts(entry))
    ]
    if contract.document.registration.rule.family != "program_id":
        prints += codes
    held = [
        fingerprint(*pair, version=version)
        for pair in pairs(former)
        for version in settings.PORTAL_SECRET_KEYS
    ]
    change_fingerprints(
        contract_id=contract.id,
        entry_id=entry.id,
        former=[*held, *(one.digest for one in codes)],
        prints=prints if entry.removed_at is None else (),
    )


def _rule_digest(registration: RegistrationSection) -> str:
    """Return what tells two documents apart under which entries are found by other pairs."""
    decisive = registration.model_dump(mode="json", include={"rule", "without_npi", "without_code"})
    return sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _prints(registration: RegistrationSection) -> Iterator[Print]:
    """Yield the fingerprints of all present entries; none of them is held here."""
    version = current_key_version()
    if registration.rule.family == "program_id":
        entries = list_entries().order_by("id")
        for row in entries.values_list(*_PAIRED).iterator(chunk_size=2_000):
            facts = EntryFacts(row[0], row[1], IdentifierType(row[2]), row[3])
            for identifier, code in entry_pairs(registration, facts):
                yield Print(facts.id, version, fingerprint(identifier, code, version=version))
        return
    yield from _code_prints(_published_codes())


def _add_latest_codes(contract: ActiveContract) -> int:
    """Publish the codes that were issued while the index was made, and are not in it any more.

    Who issues one does not wait; what came after the codes were read was taken for stale.
    """
    if contract.document.registration.rule.family == "program_id":
        return 0
    known = Fingerprint.objects.filter(
        digest=OuterRef("fingerprint"), contract_id=contract.id, entry_id=OuterRef("entry_id")
    )
    latest = list(_code_prints(_published_codes().exclude(Exists(known))))
    add_fingerprints(contract_id=contract.id, prints=latest)
    return len(latest)


def _published_codes() -> QuerySet[IssuedCode]:
    return IssuedCode.objects.exclude(fingerprint=None).filter(entry__removed_at=None)


def _code_prints(codes: QuerySet[IssuedCode]) -> Iterator[Print]:
    rows = codes.values_list("entry_id", "key_version", "fingerprint").iterator(chunk_size=2_000)
    for entry_id, key_version, stored in rows:
        if stored is not None:
            yield Print(entry_id, key_version, bytes(stored))
