"""Run a test vector: hold what it types against its own entry, by the same rule as registrations.

Pure, as the rule is. Codes are drawn for the run and known to nobody afterwards.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from contracts.registration.rules.codes import issued_code_digest, new_issued_code
from contracts.registration.rules.evaluation import evaluate
from contracts.registration.rules.facts import Decision, EntryFacts, IssuedCodeFacts, ProofFacts
from contracts.registration.rules.inputs import check_input
from contracts.registration.rules.pairs import entry_pairs, issued_code_pair, probe_pair
from contracts.registration.rules.proofs import parse_amount
from core.common.crypto import current_key_version
from core.common.identifiers import IdentifierType, normalize
from core.common.ids import uuid7
from tenants.configuration.document import KnowledgeProofRule, ProgramIdRule, RegistrationSection
from tenants.configuration.vectors import ANOTHER_CODE, ISSUED_CODE, TestVector, VectorEntry

MALFORMED = "malformed"
_DRAWN_LENGTH = 12
"""Signs of a code that is drawn where the rule issues none: the vector asks in vain."""


@dataclass(frozen=True)
class VectorResult:
    """What a rule says to one test vector."""

    vector: TestVector
    outcome: str
    """A `Reason`, or `malformed` where the fields refuse before the rule is asked."""
    decision: Decision | None
    """The rule's answer with its steps; None where it was not asked."""

    @property
    def passed(self) -> bool:
        """Whether the rule says what is expected."""
        return self.outcome == self.vector.expect

    @property
    def decided_by(self) -> str:
        """The check that decided against it, in words; empty where none did."""
        steps = self.decision.steps if self.decision else ()
        return next((step.note for step in steps if not step.passed), "")


def run_vector(rule: RegistrationSection, vector: TestVector, *, today: date) -> VectorResult:
    """Return what a rule says to a test vector; `today` is the day where the vector names none."""
    on = vector.on or today
    at = datetime.combine(on, time(12), UTC)
    drawn, another = (new_issued_code(_length(rule)) for _ in range(2))
    symbols = {ISSUED_CODE: drawn, ANOTHER_CODE: another}
    identifier = symbols.get(vector.identifier, vector.identifier)
    code = symbols.get(vector.code or "", vector.code or "")
    typed = _typed(rule, vector, code)
    if check_input(rule, identifier, typed):
        return VectorResult(vector, MALFORMED, None)
    entry = _entry(vector.entry)
    decision = evaluate(
        rule=rule,
        identifier=identifier,
        code=typed,
        entry=entry if _is_found(rule, vector.entry, entry, drawn, (identifier, code)) else None,
        codes=_codes(vector.entry, entry.id, drawn, at),
        on=on,
        at=at,
    )
    return VectorResult(vector, str(decision.reason), decision)


def _length(rule: RegistrationSection) -> int:
    return _DRAWN_LENGTH if isinstance(rule.rule, ProgramIdRule) else rule.rule.length


def _typed(rule: RegistrationSection, vector: TestVector, code: str) -> str | ProofFacts:
    if not isinstance(rule.rule, KnowledgeProofRule):
        return code
    return ProofFacts(vector.remittance_on or "", vector.remittance_amount or "", code)


def _entry(entry: VectorEntry) -> EntryFacts:
    return EntryFacts(
        id=uuid7(),
        identifier=normalize(entry.identifier or ""),
        identifier_type=IdentifierType(entry.identifier_type),
        code=normalize(entry.code or ""),
        provider_type=entry.provider_type or "",
        remittance_on=entry.remittance_on,
        remittance_amount=parse_amount(entry.remittance_amount or ""),
        starts_on=entry.starts_on,
        ends_on=entry.ends_on,
    )


def _codes(
    entry: VectorEntry, entry_id: UUID, drawn: str, at: datetime
) -> tuple[IssuedCodeFacts, ...]:
    if entry.issued_code == "none":
        return ()
    day = timedelta(days=1)
    return (
        IssuedCodeFacts(
            id=uuid7(),
            entry_id=entry_id,
            digest=issued_code_digest(entry_id, drawn),
            key_version=current_key_version(),
            expires_at=at - day if entry.issued_code == "expired" else at + day,
            max_uses=1,
            uses=int(entry.issued_code == "used_up"),
            revoked_at=at - day if entry.issued_code == "revoked" else None,
        ),
    )


def _is_found(
    rule: RegistrationSection,
    entry: VectorEntry,
    facts: EntryFacts,
    drawn: str,
    typed: tuple[str, str],
) -> bool:
    """Tell whether registration would look at the entry: by its pair in the index, or its number.

    See `services.findings`, which asks the index and then the roster.
    """
    pairs = set(entry_pairs(rule, facts))
    if entry.issued_code != "none" and not isinstance(rule.rule, ProgramIdRule):
        pairs |= {pair for pair in [issued_code_pair(rule, facts, drawn)] if pair}
    named = bool(facts.identifier) and normalize(typed[0]) == facts.identifier
    return entry.is_there and (named or probe_pair(*typed) in pairs)
