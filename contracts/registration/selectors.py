"""Read registrations under way."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.db.models.query import QuerySet

from contracts.registration.models import (
    Approval,
    Journey,
    JourneyPurpose,
    PendingRegistration,
    TermsAcceptance,
)
from contracts.registration.states import LIVE, OPEN
from contracts.registration.terms import terms_are_due, terms_digest
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import find_entry
from core.accounts.models import User
from core.accounts.policies import contracts_in_hand, find_contract
from core.common.clock import now
from core.common.without_case import same_text
from core.groups.access import list_providers
from core.groups.models import LIVE_STATUSES, Provider
from core.groups.permissions import Permission
from core.groups.selectors import list_registered, works_in
from tenants import registry
from tenants.configuration.document import ContractDocument, TermsVersion
from tenants.context import ActiveContract, contract_context

TERMS_FACT = "accepted_terms"


def find_live_registration(
    *, contract_id: UUID, unit_key: str, at: datetime
) -> PendingRegistration | None:
    """Return the registration that reserves a unit at this moment, or None."""
    return list_live(at).filter(contract_id=contract_id, unit_key=unit_key).first()


def list_taken_entries(contract_id: UUID, *, at: datetime) -> set[UUID]:
    """Return the roster entries that are registered or reserved at this moment."""
    registered = Provider.objects.filter(contract_id=contract_id, status__in=LIVE_STATUSES)
    reserved = list_live(at).filter(contract_id=contract_id)
    return {
        entry_id
        for rows in (registered, reserved)
        for entry_id in rows.values_list("roster_entry_id", flat=True)
    }


def find_open_by_username(username: str, *, at: datetime) -> PendingRegistration | None:
    """Return the registration that reserves a username, compared without case, or None.

    Read is what leads to its mail; making all of a row takes a stranger who hits one longer.
    """
    named = list_open(at).filter(same_text("username", username))
    return named.only("email", "contract_id", "reserved_until").first()


def list_live(at: datetime) -> "QuerySet[PendingRegistration]":
    """Return the registrations that reserve something at this moment."""
    return PendingRegistration.objects.filter(state__in=LIVE, reserved_until__gt=at)


def list_open(at: datetime) -> "QuerySet[PendingRegistration]":
    """Return the registrations whose person is not proven yet: they reserve a username, too."""
    return PendingRegistration.objects.filter(state__in=OPEN, reserved_until__gt=at)


def list_username_holders() -> "QuerySet[PendingRegistration]":
    """Return the registrations that reserve a username now; for core.accounts, at the edge."""
    return list_open(now())


def find_journey(
    journey_id: UUID, *, contract_id: UUID, held: Collection[UUID], at: datetime
) -> Journey | None:
    """Return a registration journey that this browser holds in this contract, or None."""
    if journey_id not in held:
        return None
    return (
        Journey.objects.select_related("pending")
        .filter(
            id=journey_id,
            contract_id=contract_id,
            purpose=JourneyPurpose.REGISTER,
            expires_at__gt=at,
        )
        .first()
    )


def find_addition(journey_id: UUID, *, account_id: UUID, at: datetime) -> Journey | None:
    """Return the account's own journey that adds a provider, or None."""
    return (
        Journey.objects.select_related("pending")
        .filter(
            id=journey_id,
            account_id=account_id,
            purpose=JourneyPurpose.ADD_PROVIDER,
            expires_at__gt=at,
        )
        .first()
    )


def find_joining(journey_id: UUID, *, account_id: UUID, at: datetime) -> Journey | None:
    """Return the account's own journey that asks to join a registered provider, or None."""
    return Journey.objects.filter(
        id=journey_id, account_id=account_id, purpose=JourneyPurpose.JOIN, expires_at__gt=at
    ).first()


def find_taken(journey: Journey) -> Provider | None:
    """Return the provider that has registered what a journey is about; None when it has gone."""
    taken = list_registered(contract_id=journey.contract_id, unit_key=journey.unit_key)
    return taken.first()


def find_added_provider(journey: Journey) -> Provider | None:
    """Return the provider that a journey added, or None while it has added none."""
    if journey.provider_id is None:
        return None
    return Provider.objects.filter(id=journey.provider_id).first()


def list_choices(
    group_id: UUID, *, account_id: UUID | None, held: Collection[UUID], at: datetime
) -> Sequence[Journey]:
    """Return the journeys that one entry of identifier and code gave, to choose from.

    A signed-in person sees their own; anybody else those that the browser holds.
    """
    journeys = Journey.objects.filter(group_id=group_id, expires_at__gt=at)
    if account_id is not None:
        return list(journeys.filter(account_id=account_id).order_by("id"))
    return list(journeys.filter(account_id=None, id__in=held).order_by("id"))


def find_waiting_approval(pending_id: UUID | None) -> Approval | None:
    """Return what a registration waits for, or None when it waits no longer."""
    waiting = Approval.objects.filter(registration=pending_id, outcome="")
    return waiting.select_related("registration").first()


def list_own_approvals(user: User) -> QuerySet[Approval]:
    """Return what waits or waited for the approval of an account's registrations."""
    return Approval.objects.filter(user=user)


def find_claimable(pending_id: UUID, *, email: str, at: datetime) -> PendingRegistration | None:
    """Return the open registration that was begun under an account's own address, or None."""
    return list_open(at).filter(same_text("email", email), id=pending_id).first()


def find_claimed_provider(pending_id: UUID, *, user: User) -> Provider | None:
    """Return the person's provider that an ended registration was about, or None.

    What ended keeps no address, so it is found among the providers that the person sees anyway.
    """
    ended = PendingRegistration.objects.filter(id=pending_id).exclude(state__in=LIVE).first()
    if ended is None:
        return None
    own = list_providers(user, Permission.PROVIDER_VIEW)
    return own.filter(contract_id=ended.contract_id, unit_key=ended.unit_key).first()


def find_proven_entry(proven: Journey | PendingRegistration) -> RosterEntry | None:
    """Return the roster entry that a registration is about, read in its contract; or None.

    Raises UnknownContractError when the contract was suspended.
    """
    with contract_context(registry.get_contract_by_id(proven.contract_id)):
        return find_entry(proven.roster_entry_id)


def find_address_on_file(provider: Provider) -> str:
    """Return the roster's e-mail address for a provider, "" where there is none (AddressFinder)."""
    contract = find_contract(provider.contract_id)
    if contract is None:
        return ""
    with contract_context(contract):
        entry = find_entry(provider.roster_entry_id)
    return entry.notice_email if entry else ""


def has_accepted_terms(*, account_id: UUID, contract_id: UUID, terms: TermsVersion) -> bool:
    """Tell whether an account accepted exactly this text of a contract's terms of use."""
    return TermsAcceptance.objects.filter(
        account_id=account_id, contract_id=contract_id, sha256=terms_digest(terms)
    ).exists()


@dataclass(frozen=True)
class DueTerms:
    """A contract whose terms of use an account has to accept, and the version in effect."""

    contract: ActiveContract
    terms: TermsVersion


def list_due_terms(user: User, *, only: ActiveContract | None, at: datetime) -> Sequence[DueTerms]:
    """Return the terms that an account has to accept before it goes on, by the contract's name.

    Asked are people who work for a provider, in each of their contracts, or in `only` one on a
    host that shows no other. Without a query where the account was read with all that it accepted:
    nothing of that is ever taken back.
    """
    contracts = [one for one in contracts_in_hand(user) if only is None or one.id == only.id]
    if not contracts:
        return []
    known = vars(user).get(TERMS_FACT)
    if known is not None and not _due(contracts, known, at=at):
        return []
    rows = TermsAcceptance.objects.filter(account_id=user.id).values("contract_id", "sha256")
    due = _due(contracts, rows, at=at)
    return [one for one in due if works_in(user.id, one.contract.id)]


def accepted_terms_fact(account: str) -> ArraySubquery:
    """Return what an account accepted as a part of a statement that knows the account's key."""
    accepted = TermsAcceptance.objects.filter(account=OuterRef(account))
    return ArraySubquery(
        accepted.values_list(JSONObject(contract_id="contract_id", sha256="sha256"))
    )


def _due(
    contracts: Sequence[ActiveContract], accepted: Iterable[Mapping[str, object]], *, at: datetime
) -> list[DueTerms]:
    digests: dict[str, set[str]] = {str(one.id): set() for one in contracts}
    for row in accepted:
        digests.get(str(row["contract_id"]), set()).add(str(row["sha256"]))
    return [
        DueTerms(one, terms)
        for one in sorted(contracts, key=lambda one: one.name)
        if (
            terms := terms_are_due(
                one.document, digests[str(one.id)], on=local_date(one.document, at)
            )
        )
    ]


def local_date(document: ContractDocument, at: datetime) -> date:
    """Return the day in the contract's time zone."""
    return at.astimezone(ZoneInfo(document.contract.time_zone)).date()


def is_open(document: ContractDocument, at: datetime) -> bool:
    """Tell whether the contract takes registrations: from opens_on, and until before closes_on."""
    section, today = document.contract, local_date(document, at)
    begun = section.opens_on is None or section.opens_on <= today
    return begun and (section.closes_on is None or today < section.closes_on)
