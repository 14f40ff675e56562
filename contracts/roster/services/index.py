"""A contract's part of the shared index, computed from its roster and issued codes."""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from contracts.directory.fingerprints import fingerprint
from contracts.directory.services import Print, replace_fingerprints
from contracts.registration.rules import entry_pairs
from contracts.roster.models import IssuedCode
from contracts.roster.selectors import entry_facts, list_entries
from core.common.crypto import current_key_version
from tenants.configuration.document import RegistrationSection
from tenants.context import require_contract


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


def _prints(registration: RegistrationSection) -> Iterator[Print]:
    present: set[UUID] = set()
    version = current_key_version()
    for entry in list_entries().iterator(chunk_size=2_000):
        present.add(entry.id)
        for identifier, code in entry_pairs(registration, entry_facts(entry)):
            digest = fingerprint(identifier, code, version=version)
            yield Print(entry.id, version, digest)
    if registration.rule.family == "program_id":
        return
    codes = IssuedCode.objects.exclude(fingerprint=None)
    rows = codes.values_list("entry_id", "key_version", "fingerprint").iterator(chunk_size=2_000)
    for entry_id, key_version, stored in rows:
        if entry_id in present and stored is not None:
            yield Print(entry_id, key_version, bytes(stored))
