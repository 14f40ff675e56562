"""The rule evaluator: may this person register this roster entry?

Pure: it reads the contract's registration section, what was typed, the entry and its codes, and
answers with a decision and the steps that led to it. Every check runs whatever the others said,
and values are compared in constant time, so the time taken tells nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.registration.rules.codes import issued_code_digest
from contracts.registration.rules.facts import (
    Check,
    Decision,
    EntryFacts,
    IssuedCodeFacts,
    ProofFacts,
    Reason,
    Step,
    Way,
)
from contracts.registration.rules.pairs import program_id_way
from contracts.registration.rules.proofs import parse_amount, parse_date
from core.common.crypto import constant_time_equal, current_key_version
from core.common.identifiers import normalize
from tenants.configuration.document import (
    IssuedCodeRule,
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)

# Stands in for an unknown entry, so that an unknown identifier takes the same work.
_NOBODY = EntryFacts(id=UUID(int=0), identifier="-", code="-")


def evaluate(
    *,
    rule: RegistrationSection,
    identifier: str,
    code: str | ProofFacts,
    entry: EntryFacts | None,
    codes: Sequence[IssuedCodeFacts] = (),
    on: date,
    at: datetime,
) -> Decision:
    """Decide whether typed values give the right to register an entry.

    `codes` are the entry's issued codes, whatever their state; `on` is the day in the contract's
    time zone, by which the entry's dates are read; `at` is the moment, by which codes expire. The
    fallbacks run both ways, as docs/sources.md tells of the programs: see `program_id_way`.
    """
    trail = _Trail()
    claim = _Claim(identifier, code)
    case = _Case(rule=rule, claim=claim, entry=entry or _NOBODY, codes=codes, on=on, at=at)
    trail.check(Check.TYPED, claim.is_complete, Reason.NOTHING_TYPED, "Both fields have a value.")
    trail.check(Check.ENTRY, entry is not None, Reason.NO_ENTRY, "The roster has such an entry.")
    match rule.rule:
        case ProgramIdRule():
            _check_program_id(trail, case)
        case IssuedCodeRule():
            _check_issued_code(trail, case)
        case KnowledgeProofRule() as family:
            _check_knowledge(trail, case, family)
    _check_entry(trail, case)
    return trail.decision()


class _Claim:
    """What was typed, in the form in which it is compared."""

    def __init__(self, identifier: str, code: str | ProofFacts) -> None:
        self.identifier = normalize(identifier)
        self.facts = code if isinstance(code, ProofFacts) else None
        self.code = normalize(code.code if isinstance(code, ProofFacts) else code)

    @property
    def has_facts(self) -> bool:
        facts = self.facts
        return facts is not None and bool(
            facts.remittance_on.strip() or facts.remittance_amount.strip()
        )

    @property
    def is_complete(self) -> bool:
        return bool(self.identifier) and (bool(self.code) or self.has_facts)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """All that one decision looks at."""

    rule: RegistrationSection
    claim: _Claim
    entry: EntryFacts
    codes: Sequence[IssuedCodeFacts]
    on: date
    at: datetime


class _Trail:
    """Collects the steps; the first one that fails gives the reason."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.reason = Reason.ACCEPTED
        self.way: Way | None = None
        self.issued_code_id: UUID | None = None

    def check(self, check: Check, passed: bool, otherwise: Reason, note: str) -> None:  # noqa: FBT001
        self.steps.append(Step(check, passed, note))
        if not passed and self.reason is Reason.ACCEPTED:
            self.reason = otherwise

    def decision(self) -> Decision:
        accepted = self.reason is Reason.ACCEPTED
        return Decision(
            reason=self.reason,
            steps=tuple(self.steps),
            way=self.way if accepted else None,
            issued_code_id=self.issued_code_id if accepted else None,
        )


def _check_program_id(trail: _Trail, case: _Case) -> None:
    claim, entry = case.claim, case.entry
    way = trail.way = program_id_way(case.rule, entry)
    trail.check(
        Check.WAY,
        way is not None,
        Reason.FALLBACK_NOT_OPEN,
        f"The contract's rule has a way for this entry: {way.words if way else 'none'}.",
    )
    expected_identifier = entry.code if way is Way.CODE_IN_BOTH else entry.identifier
    expected_code = entry.identifier if way is Way.IDENTIFIER_IN_BOTH else entry.code
    trail.check(
        Check.IDENTIFIER,
        _same(claim.identifier, expected_identifier),
        Reason.WRONG_IDENTIFIER,
        "The identifier is the entry's.",
    )
    # The identifier typed in both fields is a try at the fallback; the audit names it apart.
    same_in_both = _same(claim.code, claim.identifier)
    trail.check(
        Check.CODE,
        _same(claim.code, expected_code),
        Reason.FALLBACK_NOT_OPEN if same_in_both else Reason.WRONG_CODE,
        "The code is the entry's.",
    )


def _check_issued_code(trail: _Trail, case: _Case) -> None:
    claim, entry, codes = case.claim, case.entry, case.codes
    in_both = entry.is_named_by_code
    trail.way = Way.ISSUED_CODE_IN_BOTH if in_both else Way.ISSUED_CODE
    trail.check(
        Check.WAY,
        not in_both or case.rule.without_npi == "code_in_both",
        Reason.FALLBACK_NOT_OPEN,
        f"The contract's rule has a way for this entry: {trail.way.words}.",
    )
    trail.check(
        Check.IDENTIFIER,
        _same(claim.identifier, claim.code if in_both else entry.identifier),
        Reason.WRONG_IDENTIFIER,
        "The identifier is the entry's, or the code where it has none.",
    )
    found = _find_code(claim.code, entry, codes)
    trail.check(
        Check.CODE,
        found is not None,
        Reason.WRONG_CODE,
        f"The code is one of the {len(codes)} issued for this entry.",
    )
    state = _code_state(found, case.at) if found else Reason.ACCEPTED
    trail.check(Check.CODE_STATE, state is Reason.ACCEPTED, state, "The code can still be used.")
    trail.issued_code_id = found.id if found else None


def _check_knowledge(trail: _Trail, case: _Case, family: KnowledgeProofRule) -> None:
    claim, entry = case.claim, case.entry
    if claim.code and not claim.has_facts:
        trail.check(
            Check.WAY,
            family.issued_code_fallback,
            Reason.FALLBACK_NOT_OPEN,
            "The contract's rule takes an issued code instead of the facts.",
        )
        _check_issued_code(trail, case)
        return
    trail.way = Way.KNOWLEDGE_PROOF
    trail.check(
        Check.IDENTIFIER,
        _same(claim.identifier, entry.identifier),
        Reason.WRONG_IDENTIFIER,
        "The identifier is the entry's.",
    )
    typed, on_file = _typed_facts(claim.facts or ProofFacts()), _facts_on_file(entry)
    for fact in family.facts:
        trail.check(
            Check.FACT, bool(on_file[fact]), Reason.FACTS_NOT_ON_FILE, f"The roster has {fact}."
        )
        trail.check(
            Check.FACT,
            _same(typed[fact], on_file[fact]),
            Reason.WRONG_FACTS,
            f"The {fact} is the entry's.",
        )


def _check_entry(trail: _Trail, case: _Case) -> None:
    entry, on, allowed = case.entry, case.on, case.rule.provider_types
    trail.check(
        Check.ENTRY, not entry.removed, Reason.ENTRY_REMOVED, "The entry is on the present roster."
    )
    trail.check(
        Check.DATES,
        entry.starts_on is None or entry.starts_on <= on,
        Reason.ENTRY_NOT_STARTED,
        "The entry has started.",
    )
    trail.check(
        Check.DATES,
        entry.ends_on is None or on <= entry.ends_on,
        Reason.ENTRY_ENDED,
        "The entry has not ended; its last day counts.",
    )
    trail.check(
        Check.PROVIDER_TYPE,
        not allowed or entry.provider_type in allowed,
        Reason.PROVIDER_TYPE_NOT_ALLOWED,
        "Providers of this type may register.",
    )


def _find_code(
    code: str, entry: EntryFacts, codes: Sequence[IssuedCodeFacts]
) -> IssuedCodeFacts | None:
    """Compare with every code of the entry, so that the place of a match does not show in time.

    What was typed is digested once for each key, also for an entry that has no code: the time does
    not tell how many were issued.
    """
    versions = {issued.key_version for issued in codes} or {current_key_version()}
    typed = {key: issued_code_digest(entry.id, code, version=key) for key in versions}
    found = None
    for issued in codes:
        same = constant_time_equal(typed[issued.key_version], issued.digest)
        if same and issued.entry_id == entry.id and code:
            found = issued
    return found


def _code_state(code: IssuedCodeFacts, at: datetime) -> Reason:
    if code.revoked_at is not None:
        return Reason.CODE_REVOKED
    if code.uses >= code.max_uses:
        return Reason.CODE_USED_UP
    return Reason.CODE_EXPIRED if code.expires_at <= at else Reason.ACCEPTED


def _typed_facts(facts: ProofFacts) -> dict[str, str]:
    day, amount = parse_date(facts.remittance_on), parse_amount(facts.remittance_amount)
    return {
        "remittance_on": day.isoformat() if day else "",
        "remittance_amount": f"{amount:.2f}" if amount is not None else "",
    }


def _facts_on_file(entry: EntryFacts) -> dict[str, str]:
    day, amount = entry.remittance_on, entry.remittance_amount
    return {
        "remittance_on": day.isoformat() if day else "",
        "remittance_amount": f"{amount:.2f}" if amount is not None else "",
    }


def _same(typed: str, expected: str) -> bool:
    """Compare in constant time; nothing is never the same as nothing."""
    return constant_time_equal(typed, expected) and bool(expected)
