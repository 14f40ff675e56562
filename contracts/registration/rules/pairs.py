"""The pairs of identifier and code by which the portal host finds the contract.

A roster entry publishes the pairs that the contract's rule would accept for it; a registrant's
typed values are probed as one pair. Both are normalized, so that one keyed digest finds them.
Facts of a payment are not published: the knowledge_proof family starts on the contract's page.
"""

from contracts.registration.rules.facts import EntryFacts, Way
from core.common.identifiers import normalize
from tenants.configuration.document import ProgramIdRule, RegistrationSection

Pair = tuple[str, str]
"""Identifier and code, normalized."""


def probe_pair(identifier: str, code: str) -> Pair:
    """Return the pair under which typed values are looked up."""
    return normalize(identifier), normalize(code)


def entry_pairs(registration: RegistrationSection, entry: EntryFacts) -> list[Pair]:
    """Return the pairs that an entry publishes by itself: one under program_id, else none.

    Issued codes are published one by one when they are made (`issued_code_pair`), because
    afterwards nobody knows them. An entry for which the rule has no way publishes nothing.
    """
    if not isinstance(registration.rule, ProgramIdRule):
        return []
    match program_id_way(registration, entry):
        case Way.IDENTIFIER_AND_CODE:
            return [(entry.identifier, entry.code)]
        case Way.CODE_IN_BOTH:
            return [(entry.code, entry.code)]
        case Way.IDENTIFIER_IN_BOTH:
            return [(entry.identifier, entry.identifier)]
        case _:
            return []


def issued_code_pair(
    registration: RegistrationSection, entry: EntryFacts, code: str
) -> Pair | None:
    """Return the pair that a code publishes when it is issued for an entry; None without a way."""
    plain = normalize(code)
    if not entry.is_named_by_code:
        return entry.identifier, plain
    if registration.without_npi == "code_in_both":
        return plain, plain
    return None


def program_id_way(registration: RegistrationSection, entry: EntryFacts) -> Way | None:
    """Return how an entry is claimed under program_id; None where the rule leaves no way.

    The roster decides, not what was typed: the NPI in both fields is open to an entry that has no
    program number, and to no other.
    """
    if entry.is_named_by_code:
        opened = registration.without_npi == "code_in_both" and entry.code
        return Way.CODE_IN_BOTH if opened else None
    if not entry.identifier:
        return None
    if entry.code:
        return Way.IDENTIFIER_AND_CODE
    return Way.IDENTIFIER_IN_BOTH if registration.without_code == "identifier_in_both" else None
