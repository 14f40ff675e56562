"""Find what identifier and code give the right to, in one contract or in any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

from contracts.directory.selectors import Match, find_matches
from contracts.registration.rules import (
    Check,
    Decision,
    EntryFacts,
    IssuedCodeFacts,
    ProofFacts,
    Reason,
    evaluate,
)
from contracts.registration.selectors import local_date
from contracts.registration.units import number_of, unit_key_of
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import entry_facts, list_codes, list_entries_by_identifier
from core.accounts.policies import find_contract
from core.common.identifiers import IdentifierType
from core.common.ids import uuid7
from tenants.configuration.document import ProgramIdRule
from tenants.context import ActiveContract, contract_context

OTHER_PROGRAM: Final = "other_program"
"""Audit reason: identifier and code are right, in another program than the page's."""
_MOST_LOCATIONS: Final = 20
"""How many locations of an identifier are looked at for facts, which no index holds."""

_FOR_THE_AUDIT: Final = 2
"""Own figure: how many are looked at where the index names none for a code. None can be accepted
then; they say for the audit how far the claim came."""


@dataclass(frozen=True)
class Claim:
    """What was typed: identifier and code, or identifier and facts of a payment."""

    identifier: str
    code: str | ProofFacts

    @property
    def typed_code(self) -> str:
        """The code, which may be empty where facts were typed."""
        return self.code.code if isinstance(self.code, ProofFacts) else self.code


@dataclass(frozen=True)
class Finding:
    """A roster entry that a claim was held against, and what the rule said."""

    contract: ActiveContract
    entry: EntryFacts
    decision: Decision

    @property
    def unit_key(self) -> str:
        """What registers once in the contract (registration.unit)."""
        return unit_key_of(
            self.contract.document,
            entry_id=self.entry.id,
            identifier=self.entry.identifier,
            code=self.entry.code,
        )

    @property
    def identifier(self) -> str:
        """The number that names the provider, or the program's own; empty where it has neither."""
        return number_of(identifier=self.entry.identifier, code=self.entry.code)


@dataclass(frozen=True)
class Findings:
    """All that a claim led to; `reason` says for the audit why nothing was accepted.

    `spent` were refused for one thing alone: their issued code is used up. It registered the
    provider, and still shows that its holder may ask to join.
    """

    accepted: Sequence[Finding]
    reason: str = Reason.ACCEPTED
    spent: Sequence[Finding] = ()


def find_claimed(*, contract: ActiveContract | None, claim: Claim, at: datetime) -> Findings:
    """Hold a claim against the rosters: of one contract, or of every one that the index names.

    The shared index is asked first in both cases: one probe whatever the number of contracts.
    Where a contract is given and the index knows nothing of it there, its roster is searched by
    identifier: for facts of a payment, which no index holds, and to tell the audit why a claim
    failed. As many entries are looked at whatever the roster has: where it has fewer, the claim is
    held against entries that are nowhere, so that the time does not tell what it has.
    """
    matches = find_matches(claim.identifier, claim.typed_code) if claim.typed_code else []
    if contract is not None:
        here = [match.entry_id for match in matches if match.contract_id == contract.id]
        return _sum_up(_evaluate_in(contract, here, claim, at), elsewhere=len(here) < len(matches))
    found: list[Finding] = []
    for contract_id, entry_ids in _by_contract(matches).items():
        named = find_contract(contract_id)  # None: suspended since the index was made.
        found += _evaluate_in(named, entry_ids, claim, at) if named else []
    return _sum_up(found, elsewhere=False)


def hold_claim_in(*, contract: ActiveContract, claim: Claim, at: datetime) -> list[Finding]:
    """Hold a claim against one contract's roster, and return every entry that was looked at.

    For staff who ask why; `contract` may carry another document than the published one.
    """
    code = claim.typed_code
    matches = find_matches(claim.identifier, code, contract_id=contract.id) if code else []
    return _evaluate_in(contract, [match.entry_id for match in matches], claim, at)


def _by_contract(matches: Iterable[Match]) -> dict[UUID, list[UUID]]:
    grouped: dict[UUID, list[UUID]] = {}
    for match in matches:
        grouped.setdefault(match.contract_id, []).append(match.entry_id)
    return grouped


def _evaluate_in(
    contract: ActiveContract, entry_ids: Sequence[UUID], claim: Claim, at: datetime
) -> list[Finding]:
    with contract_context(contract):
        most = _most_looked_at(contract, claim)
        entries = _candidates(entry_ids, claim, most=most)
        nobodys = [_nobodys(claim) for _ in range(len(entries), most)]
        looked_at = [*entries, *nobodys]
        codes = _codes(contract, looked_at)
        held = [
            Finding(contract, facts, _decide(contract, facts, codes[facts.id], claim, at))
            for facts in map(entry_facts, looked_at)
        ]
        return held[: len(entries)]


def _most_looked_at(contract: ActiveContract, claim: Claim) -> int:
    """Return how many entries of an identifier are looked at where the index names none."""
    if contract.document.registration.unit != "location":
        return 1
    return _MOST_LOCATIONS if isinstance(claim.code, ProofFacts) else _FOR_THE_AUDIT


def _nobodys(claim: Claim) -> RosterEntry:
    """Return an entry that is nowhere: what a stranger asks in vain takes as long.

    It is made as one that was read; a new object, with the defaults of its fields, takes longer.
    """
    names, values = _blank_row()
    row = {"id": uuid7(), "identifier": claim.identifier, "identifier_type": IdentifierType.NPI}
    return RosterEntry.from_db(
        None, names, [row.get(name, value) for name, value in zip(names, values, strict=True)]
    )


@cache
def _blank_row() -> tuple[Sequence[str], Sequence[object]]:
    """Return the columns of an entry and what stands in them while nothing is known."""
    names = [field.attname for field in RosterEntry._meta.concrete_fields]
    blank = RosterEntry()
    return names, [getattr(blank, name) for name in names]


def _candidates(entry_ids: Sequence[UUID], claim: Claim, *, most: int) -> list[RosterEntry]:
    if entry_ids:
        return list(RosterEntry.objects.filter(id__in=entry_ids).order_by("id"))
    return list(list_entries_by_identifier(claim.identifier)[:most])


def _codes(
    contract: ActiveContract, entries: Sequence[RosterEntry]
) -> Mapping[UUID, Sequence[IssuedCodeFacts]]:
    keys = [entry.id for entry in entries]
    if isinstance(contract.document.registration.rule, ProgramIdRule):
        return dict.fromkeys(keys, ())
    return list_codes(keys)


def _decide(
    contract: ActiveContract,
    entry: EntryFacts | None,
    codes: Sequence[IssuedCodeFacts],
    claim: Claim,
    at: datetime,
) -> Decision:
    return evaluate(
        rule=contract.document.registration,
        identifier=claim.identifier,
        code=claim.code,
        entry=entry,
        codes=codes,
        on=local_date(contract.document, at),
        at=at,
    )


def _sum_up(found: Sequence[Finding], *, elsewhere: bool) -> Findings:
    accepted = [finding for finding in found if finding.decision.accepted]
    if accepted:
        return Findings(accepted)
    if elsewhere:
        return Findings([], OTHER_PROGRAM)
    spent = [finding for finding in found if _only_spent(finding.decision)]
    # The entry that came furthest says most: fewest failed steps.
    nearest = min(
        found,
        key=lambda finding: sum(not step.passed for step in finding.decision.steps),
        default=None,
    )
    return Findings([], nearest.decision.reason if nearest else Reason.NO_ENTRY, spent)


def _only_spent(decision: Decision) -> bool:
    """Tell whether all would be right, were the issued code not used up."""
    others = (step.passed for step in decision.steps if step.check is not Check.CODE_STATE)
    return decision.reason is Reason.CODE_USED_UP and all(others)
