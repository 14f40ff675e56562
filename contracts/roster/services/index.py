"""A contract's part of the shared index, computed from its roster and issued codes."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction

from contracts.directory.fingerprints import fingerprint
from contracts.directory.services import (
    Print,
    change_fingerprints,
    replace_fingerprints,
)
from contracts.registration.rules import EntryFacts, entry_pairs
from contracts.roster.models import IssuedCode, RosterEntry
from contracts.roster.selectors import entry_facts, list_entries
from core.common.crypto import current_key_version
from core.common.identifiers import IdentifierType
from tenants.configuration.document import RegistrationSection
from tenants.context import require_contract

_PAIRED: Final = ("id", "identifier", "identifier_type", "code")
"""What the pairs of an entry are made of."""


@transaction.atomic
def rebuild_index() -> int:
    """Publish the contract in hand anew, and return how many fingerprints it has.

    Called by the import in its transaction; also after a revision that changes the rule, and after
    a new secret key. Fingerprints of issued codes are taken from where they were stored when the
    code was made, under the key of that time. Needs a contract; raises NoContractError otherwise.
    """
    contract = require_contract()
    prints = _prints(contract.document.registration)
    return replace_fingerprints(contract_id=contract.id, prints=prints)


@transaction.atomic
def publish_entry(entry: RosterEntry, *, former: EntryFacts) -> None:
    """Publish one entry anew, in the transaction that adds, changes or takes it off.

    `former` is what the rules saw of it before.
    """
    contract = require_contract()
    pairs = partial(entry_pairs, contract.document.registration)
    version = current_key_version()
    codes = [
        Print(entry.id, key_version, bytes(stored))
        for key_version, stored in IssuedCode.objects.filter(entry=entry)
        .exclude(fingerprint=None)
        .values_list("key_version", "fingerprint")
        if stored is not None
    ]
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
    codes = IssuedCode.objects.exclude(fingerprint=None).filter(entry__removed_at=None)
    rows = codes.values_list("entry_id", "key_version", "fingerprint").iterator(chunk_size=2_000)
    for entry_id, key_version, stored in rows:
        if stored is not None:
            yield Print(entry_id, key_version, bytes(stored))
