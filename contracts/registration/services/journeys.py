"""Begin a registration journey: identifier and code against the rule, and one answer to all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.registration.models import Journey, JourneyPurpose, PendingRegistration
from contracts.registration.rules import ProofFacts
from contracts.registration.selectors import find_live_registration, is_open, list_open
from contracts.registration.services.asking import open_offer
from contracts.registration.services.findings import Claim, Finding, Findings, find_claimed
from contracts.registration.services.providers import proof_counts
from contracts.registration.services.reservations import end_registrations
from contracts.registration.states import OPEN, RegistrationState
from core.accounts.services.attempts import THROTTLED, Allowance, Limit, count_attempt
from core.audit.recording import record
from core.common.identifiers import normalize
from core.common.ids import uuid7
from core.groups.selectors import unit_is_registered
from tenants.configuration.document import RegistrationLimits
from tenants.context import ActiveContract

JOURNEY_LIFE: Final = timedelta(hours=4)
"""How long a browser may take between identifier and submission (own figure)."""

ALREADY_REGISTERED = "already_registered"
NOT_OPEN = "not_open"
"""Audit reasons that are not the rule's."""


class StartOutcome(StrEnum):
    """What a claim led to; a page tells no more than this. Only who is signed in learns `taken`."""

    FOUND = "found"
    TAKEN = "taken"
    REFUSED = "refused"
    THROTTLED = "throttled"


@dataclass(frozen=True)
class StartResult:
    """The journeys that may go on: more than one where two programs know the numbers.

    Those of `taken` ask to join.
    """

    outcome: StartOutcome
    journeys: Sequence[Journey] = field(default_factory=list)
    retry_at: datetime | None = None
    offer_id: UUID | None = None
    """Where a refusal outside leads to: ask to join, whatever the reason."""


def start_registration(
    *,
    contract: ActiveContract | None,
    identifier: str,
    code: str | ProofFacts,
    address: str,
    account_id: UUID | None = None,
    at: datetime,
) -> StartResult:
    """Answer identifier and code with the journeys they give the right to.

    Called by the public page (and, with `account_id`, by the page on which a signed-in person adds
    a provider). `contract` is None on the portal host. Every refusal (wrong code, unknown
    identifier, already registered, another program's identifier, expired or used code) has the
    same result; the audit event `registration.refused` tells them apart. With an account, numbers
    that are right for what is registered already give a journey that asks to join
    (docs/adr/0021). Where a registration of the unit is already pending, its journey leads back to
    it, unless that one cannot be completed any more: it is released. Records
    `registration.started`, and `registration.released`.
    """
    claim = Claim(identifier, code)
    allowance = _count(contract, claim, address, at)
    if not allowance.allowed:
        _record_refusal(THROTTLED, contract, at)
        return StartResult(StartOutcome.THROTTLED, retry_at=allowance.retry_at)
    findings = find_claimed(contract=contract, claim=claim, at=at)
    usable = [finding for finding in findings.accepted if is_open(finding.contract.document, at)]
    free = [finding for finding in usable if not _is_registered(finding)]
    if free:
        return StartResult(StartOutcome.FOUND, _begin_journeys(free, account_id, at))
    taken = _taken(findings, at)
    reason = ALREADY_REGISTERED if usable else NOT_OPEN if findings.accepted else findings.reason
    _record_refusal(reason, contract, at)
    if account_id is None:
        offer = open_offer([(one.contract.id, one.unit_key) for one in taken], at=at)
        return StartResult(StartOutcome.REFUSED, offer_id=offer.id)
    if taken:
        joining = _begin_journeys(taken, account_id, at, purpose=JourneyPurpose.JOIN)
        return StartResult(StartOutcome.TAKEN, joining)
    return StartResult(StartOutcome.REFUSED)


def _count(contract: ActiveContract | None, claim: Claim, address: str, at: datetime) -> Allowance:
    """Count an attempt under the network address, and where that may go on, under the identifier.

    Per contract, and in that order: who is refused by address uses up nobody's identifier, and
    an identifier that was tried too often in one program is not refused in another.
    """
    figures = contract.document.registration.limits if contract else RegistrationLimits()
    window = timedelta(minutes=figures.window_minutes)
    where = contract.id if contract else "portal"
    identifier = f"{where}:{normalize(claim.identifier)}"
    limits = [
        Limit("start.address", address, figures.attempts_per_address, window),
        Limit("start.identifier", identifier, figures.attempts_per_identifier, window),
    ]
    return count_attempt(limits=limits, at=at)


def _is_registered(finding: Finding) -> bool:
    return unit_is_registered(contract_id=finding.contract.id, unit_key=finding.unit_key)


def _taken(findings: Findings, at: datetime) -> list[Finding]:
    """Return what the numbers are right for, and somebody has registered."""
    right = [*findings.accepted, *findings.spent]
    return [one for one in right if is_open(one.contract.document, at) and _is_registered(one)]


@transaction.atomic
def _begin_journeys(
    findings: Sequence[Finding],
    account_id: UUID | None,
    at: datetime,
    *,
    purpose: JourneyPurpose | None = None,
) -> list[Journey]:
    wanted = purpose or (JourneyPurpose.ADD_PROVIDER if account_id else JourneyPurpose.REGISTER)
    group_id = uuid7()
    return [_begin_journey(finding, group_id, account_id, wanted, at) for finding in findings]


def _begin_journey(
    finding: Finding,
    group_id: UUID,
    account_id: UUID | None,
    purpose: JourneyPurpose,
    at: datetime,
) -> Journey:
    pending = _pending_that_stands(finding, at)
    journey = Journey.objects.create(
        group_id=group_id,
        contract_id=finding.contract.id,
        purpose=purpose,
        account_id=account_id,
        unit_key=finding.unit_key,
        identifier=finding.identifier,
        identifier_type=finding.entry.identifier_type.value,
        roster_entry_id=finding.entry.id,
        evidence=_evidence(finding, at),
        pending=pending,
        created_at=at,
        expires_at=at + JOURNEY_LIFE,
    )
    _record_start(journey, pending, at)
    return journey


def _pending_that_stands(finding: Finding, at: datetime) -> PendingRegistration | None:
    """Return the registration that reserves the unit; one that can never be completed makes room.

    Its issued code was replaced, revoked or used up, or its roster entry is gone. Whoever has a
    code that works may be somebody else, so nothing of the former one is handed on (ADR 0047).
    """
    contract = finding.contract
    pending = find_live_registration(contract_id=contract.id, unit_key=finding.unit_key, at=at)
    if pending is None or pending.state not in OPEN or proof_counts(contract, pending, at=at):
        return pending
    locked = list_open(at).select_for_update().filter(id=pending.id)
    end_registrations(locked, state=RegistrationState.RELEASED, at=at)
    return None


def _record_start(journey: Journey, pending: PendingRegistration | None, at: datetime) -> None:
    record(
        "registration.started",
        contract_id=journey.contract_id,
        actor_id=journey.account_id,
        subject=("journey", journey.id),
        result="pending" if pending else "ok",
        data={
            "purpose": journey.purpose,
            "entry": str(journey.roster_entry_id),
            "way": journey.evidence["way"],
        },
        at=at,
    )


def _evidence(finding: Finding, at: datetime) -> dict[str, object]:
    decision, document = finding.decision, finding.contract.document
    return {
        "family": document.registration.rule.family,
        "way": decision.way,
        "reason": decision.reason,
        "steps": [
            {"check": step.check, "passed": step.passed, "note": step.note}
            for step in decision.steps
        ],
        "issued_code_id": str(decision.issued_code_id) if decision.issued_code_id else None,
        "revision": finding.contract.revision,
        "decided_at": at.isoformat(),
    }


def _record_refusal(reason: str, contract: ActiveContract | None, at: datetime) -> None:
    with transaction.atomic():
        record(
            "registration.refused",
            contract_id=contract.id if contract else None,
            result=reason,
            at=at,
        )
