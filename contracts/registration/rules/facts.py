"""What the rules decide on, and what they answer. Plain values: no database, no request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from core.common.identifiers import IdentifierType


class Reason(StrEnum):
    """Why a registration was accepted or refused: for the audit and the evidence only.

    The public sees one and the same page for every refusal.
    """

    ACCEPTED = "accepted"
    NOTHING_TYPED = "nothing_typed"
    NO_ENTRY = "no_entry"
    WRONG_IDENTIFIER = "wrong_identifier"
    WRONG_CODE = "wrong_code"
    WRONG_FACTS = "wrong_facts"
    FACTS_NOT_ON_FILE = "facts_not_on_file"
    FALLBACK_NOT_OPEN = "fallback_not_open"
    CODE_EXPIRED = "code_expired"
    CODE_REVOKED = "code_revoked"
    CODE_USED_UP = "code_used_up"
    ENTRY_REMOVED = "entry_removed"
    ENTRY_NOT_STARTED = "entry_not_started"
    ENTRY_ENDED = "entry_ended"
    PROVIDER_TYPE_NOT_ALLOWED = "provider_type_not_allowed"


class Way(StrEnum):
    """By which of the rules' ways a roster entry is claimed."""

    IDENTIFIER_AND_CODE = "identifier_and_code"
    CODE_IN_BOTH = "code_in_both"
    IDENTIFIER_IN_BOTH = "identifier_in_both"
    ISSUED_CODE = "issued_code"
    ISSUED_CODE_IN_BOTH = "issued_code_in_both"
    KNOWLEDGE_PROOF = "knowledge_proof"

    @property
    def words(self) -> str:
        """What the way is called in a sentence."""
        return self.value.replace("_", " ")


class Check(StrEnum):
    """One thing that was looked at on the way to a decision."""

    TYPED = "typed"
    ENTRY = "entry"
    WAY = "way"
    IDENTIFIER = "identifier"
    CODE = "code"
    CODE_STATE = "code_state"
    FACT = "fact"
    DATES = "dates"
    PROVIDER_TYPE = "provider_type"


@dataclass(frozen=True)
class EntryFacts:
    """A roster entry as the rules see it. Identifier and code are in their normalized form.

    A provider without an NPI has the identifier type `program_id` and its code as identifier, or
    no identifier where codes are issued. `code` is empty where the program gave no number.
    """

    id: UUID
    identifier: str
    identifier_type: IdentifierType = IdentifierType.NPI
    code: str = ""
    provider_type: str = ""
    remittance_on: date | None = None
    remittance_amount: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    removed: bool = False

    @property
    def is_named_by_code(self) -> bool:
        """Whether the entry has no number of its own to be named by."""
        if self.identifier_type is not IdentifierType.PROGRAM_ID:
            return False
        return not self.identifier or self.identifier == self.code


@dataclass(frozen=True)
class IssuedCodeFacts:
    """An issued code as it is stored: a digest bound to its entry, never the code."""

    id: UUID
    entry_id: UUID
    digest: bytes
    key_version: int
    expires_at: datetime
    max_uses: int
    uses: int
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class ProofFacts:
    """What a registrant types where the rule asks for facts; `code` where they were given one."""

    remittance_on: str = ""
    remittance_amount: str = ""
    code: str = ""


@dataclass(frozen=True)
class Step:
    """One check, its outcome and a sentence about it. Holds nothing that was typed."""

    check: Check
    passed: bool
    note: str


@dataclass(frozen=True)
class Decision:
    """The answer of the rules, with every step that led to it."""

    reason: Reason
    steps: Sequence[Step]
    way: Way | None = None
    issued_code_id: UUID | None = None
    """The issued code to be spent when the registration is completed."""

    @property
    def accepted(self) -> bool:
        """Whether the registration may go on."""
        return self.reason is Reason.ACCEPTED
