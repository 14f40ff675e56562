"""Register the provider that a registration or a signed-in person's journey has proven."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Protocol
from uuid import UUID

from contracts.evidence.services.records import AcceptedTerms, ApprovedBy, record_evidence
from contracts.registration.kinds import NOTICE_KIND
from contracts.registration.models import PendingRegistration, TermsAcceptance
from contracts.registration.selectors import local_date
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import usable_codes
from contracts.roster.services.codes import spend_code
from core.accounts.models import User
from core.common.errors import DomainError
from core.groups.models import Provider, ProviderGroup
from core.groups.services.providers import ProviderFacts, register_provider
from core.notifications.services.outbox import enqueue
from tenants.context import ActiveContract, contract_context


class CodeSpentError(DomainError):
    """The issued code was used up, revoked or expired between start and completion."""

    code: ClassVar[str] = "code_spent"
    message: ClassVar[str] = (
        "This registration cannot be completed any more. Begin again, or ask the contact below."
    )


class EntryGoneError(DomainError):
    """The roster entry was removed or its time ended between start and completion."""

    code: ClassVar[str] = "entry_gone"
    message: ClassVar[str] = (
        "This registration cannot be completed: the provider is no longer on the program's list. "
        "The contact below can help."
    )


class Unit(Protocol):
    """What registers once in a contract, and the number that names it."""

    unit_key: str
    identifier: str
    identifier_type: str


class ProvenUnit(Unit, Protocol):
    """What a pending registration and a journey have in common: whose registration was proven."""

    roster_entry_id: UUID
    evidence: dict[str, object]


@dataclass(frozen=True)
class Registrant:
    """For whom a provider is registered, and on which terms."""

    user: User
    group: ProviderGroup | None
    """None makes a new group with the user as its Provider Group Admin."""
    terms: AcceptedTerms
    registration_id: UUID | None = None
    approved: ApprovedBy | None = None
    """Who of staff approved it; then the issued code was used up when it began to wait."""


def terms_of(pending: PendingRegistration) -> AcceptedTerms:
    """Return the text that was accepted with a registration."""
    return AcceptedTerms(pending.terms_version, pending.terms_sha256, pending.terms_accepted_at)


def register_proven(
    *, contract: ActiveContract, unit: ProvenUnit, registrant: Registrant, at: datetime
) -> Provider:
    """Register a proven unit, in the caller's transaction.

    The provider with its group and membership (`core.groups` records them), the issued code's use,
    the evidence in the contract's schema, the accepted terms, and the notice to the address on
    file where the contract wants it. Raises CodeSpentError when the issued code was used up
    meanwhile, EntryGoneError when the roster entry is no longer there or in force, and
    ProviderRegisteredError when the unit was registered: nothing remains then.
    """
    user = registrant.user
    with contract_context(contract):
        entry = _live_entry(unit.roster_entry_id, on=local_date(contract.document, at))
        if registrant.approved is None:
            _spend(unit, user, at)
        provider = register_provider(
            user=user,
            group=registrant.group,
            contract=contract,
            facts=facts_of(unit, entry),
            by=user.id,
            at=at,
        )
        record_evidence(
            provider_id=provider.id,
            registration_id=registrant.registration_id,
            roster_entry_id=entry.id,
            decision=unit.evidence,
            terms=registrant.terms,
            approved=registrant.approved,
            by=user.id,
            at=at,
        )
        accept_terms(account_id=user.id, contract_id=contract.id, terms=registrant.terms)
        _tell_address_on_file(contract, provider, entry, at)
    return provider


def check_entry(contract: ActiveContract, unit: ProvenUnit, *, at: datetime) -> RosterEntry:
    """Return the roster entry of a proven unit. Raises EntryGoneError when it is not in force."""
    with contract_context(contract):
        return _live_entry(unit.roster_entry_id, on=local_date(contract.document, at))


def proof_counts(contract: ActiveContract, unit: ProvenUnit, *, at: datetime) -> bool:
    """Tell whether what proved a unit still does: its entry in force, its issued code usable."""
    code_id = unit.evidence["issued_code_id"]
    with contract_context(contract):
        try:
            _live_entry(unit.roster_entry_id, on=local_date(contract.document, at))
        except EntryGoneError:
            return False
        return not code_id or usable_codes(at).filter(pk=str(code_id)).exists()


def spend_proven_code(
    contract: ActiveContract, unit: ProvenUnit, *, user: User, terms: AcceptedTerms, at: datetime
) -> None:
    """Use up the issued code of a unit that waits for approval, and keep the accepted terms.

    In the caller's transaction. Raises CodeSpentError.
    """
    with contract_context(contract):
        _spend(unit, user, at)
    accept_terms(account_id=user.id, contract_id=contract.id, terms=terms)


def _live_entry(entry_id: UUID, *, on: date) -> RosterEntry:
    """Return the entry, still there and in force; a roster may have been loaded meanwhile."""
    entry = (
        RosterEntry.objects.filter(id=entry_id, removed_at=None)
        .exclude(starts_on__gt=on)
        .exclude(ends_on__lt=on)
        .first()
    )
    if entry is None:
        raise EntryGoneError
    return entry


def _spend(unit: ProvenUnit, user: User, at: datetime) -> None:
    code_id = unit.evidence["issued_code_id"]
    if code_id and not spend_code(code_id=UUID(str(code_id)), by=user.id, at=at):
        raise CodeSpentError


def accept_terms(*, account_id: UUID, contract_id: UUID, terms: AcceptedTerms) -> None:
    """Keep that an account accepted a text; once is enough. In the caller's transaction."""
    TermsAcceptance.objects.bulk_create(
        [
            TermsAcceptance(
                account_id=account_id,
                contract_id=contract_id,
                version=terms.version,
                sha256=terms.sha256,
                accepted_at=terms.accepted_at,
            )
        ],
        ignore_conflicts=True,
    )


def facts_of(unit: Unit, entry: RosterEntry) -> ProviderFacts:
    """Return what is known of the provider that a roster entry names."""
    return ProviderFacts(
        identifier=unit.identifier,
        identifier_type=unit.identifier_type,
        unit_key=unit.unit_key,
        roster_entry_id=entry.id,
        name=entry.name,
        provider_type=entry.provider_type,
        address_1=entry.address_1,
        address_2=entry.address_2,
        city=entry.city,
        state=entry.state,
        zip=entry.zip,
        phone=entry.phone,
        fax=entry.fax,
    )


def _tell_address_on_file(
    contract: ActiveContract, provider: Provider, entry: RosterEntry, at: datetime
) -> None:
    if contract.document.registration.notify_address_on_file and entry.notice_email:
        enqueue(
            kind=NOTICE_KIND,
            to=entry.notice_email,
            subject_id=provider.id,
            contract_id=contract.id,
            at=at,
        )
