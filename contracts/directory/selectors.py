"""Look-ups in the shared index."""

from dataclasses import dataclass
from uuid import UUID

from contracts.directory.fingerprints import fingerprints_of
from contracts.directory.models import Fingerprint, IndexedRule
from contracts.registration.rules import probe_pair


@dataclass(frozen=True)
class Match:
    """A roster entry that publishes the pair. The contract's rule still has to accept it."""

    contract_id: UUID
    entry_id: UUID


def find_matches(identifier: str, code: str, *, contract_id: UUID | None = None) -> list[Match]:
    """Return the entries that typed values point at, in all contracts or in one.

    One indexed query whatever the number of contracts, and the same one when nothing is found.
    Ended entries and expired codes are found, too, so that the audit can tell why they were
    refused. Callers evaluate each match in its contract and show nothing of it before.
    """
    digests = fingerprints_of(*probe_pair(identifier, code))
    rows = Fingerprint.objects.filter(digest__in=digests)
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    found = rows.order_by("contract_id", "entry_id").values_list("contract_id", "entry_id")
    return [Match(*pair) for pair in dict.fromkeys(found)]


def is_indexed_by(rule: str, *, contract_id: UUID) -> bool:
    """Tell whether a contract's fingerprints were made by the rule with this digest."""
    return IndexedRule.objects.filter(contract_id=contract_id, digest=rule).exists()
