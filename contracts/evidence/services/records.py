"""Write down what a registration was decided on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.evidence.models import EvidenceRecord


@dataclass(frozen=True)
class AcceptedTerms:
    """The version of the terms of use that was accepted, and its very text."""

    version: str
    sha256: str
    accepted_at: datetime


@dataclass(frozen=True)
class ApprovedBy:
    """Who of staff approved a registration, who confirmed it, why, and when."""

    first: UUID
    second: UUID | None
    reason: str
    at: datetime


def record_evidence(
    *,
    provider_id: UUID,
    registration_id: UUID | None,
    roster_entry_id: UUID,
    decision: Mapping[str, object],
    terms: AcceptedTerms,
    approved: ApprovedBy | None = None,
    by: UUID,
    at: datetime,
) -> EvidenceRecord:
    """Record the evidence of one registered provider, in the contract in hand.

    Called in the transaction that registers the provider. `decision` is the summary that the
    start of the journey kept: family, way, steps, revision, issued_code_id and decided_at. `by` is
    the account that is registered for; `approved` says who of staff approved it, where the contract
    asks for that. Raises NoContractError outside a contract.
    """
    issued_code_id = decision["issued_code_id"]
    return EvidenceRecord.objects.create(
        provider_id=provider_id,
        account_id=by,
        registration_id=registration_id,
        roster_entry_id=roster_entry_id,
        issued_code_id=UUID(str(issued_code_id)) if issued_code_id else None,
        family=str(decision["family"]),
        way=str(decision["way"]),
        steps=decision["steps"],
        revision=int(str(decision["revision"])),
        decided_at=datetime.fromisoformat(str(decision["decided_at"])),
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        terms_accepted_at=terms.accepted_at,
        approved_by=approved.first if approved else None,
        confirmed_by=approved.second if approved else None,
        approved_at=approved.at if approved else None,
        approval_reason=approved.reason if approved else "",
        recorded_at=at,
    )
