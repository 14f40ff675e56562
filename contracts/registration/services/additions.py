"""Add a provider to the account of somebody who is signed in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from contracts.evidence.services.records import AcceptedTerms
from contracts.registration.models import Journey, JourneyPurpose, PendingRegistration
from contracts.registration.selectors import list_open
from contracts.registration.services.approvals import await_approval, needs_approval
from contracts.registration.services.journeys import JOURNEY_LIFE
from contracts.registration.services.providers import (
    CodeSpentError,
    EntryGoneError,
    Registrant,
    register_proven,
)
from contracts.registration.services.reservations import end_registrations
from contracts.registration.states import LIVE, RegistrationState
from contracts.registration.terms import terms_digest
from core.accounts.models import User
from core.audit.recording import record
from core.common.ids import uuid7
from core.common.without_case import same_text
from core.groups.models import Provider
from core.groups.services.providers import ProviderRegisteredError, hold_admin_group
from tenants.configuration.document import TermsVersion
from tenants.context import ActiveContract


@dataclass(frozen=True)
class AdditionResult:
    """The provider that was added; None when it waits for approval (`waits`), or was registered or
    claimed meanwhile.
    """

    provider_id: UUID | None
    waits: bool = False


def add_provider(
    *,
    contract: ActiveContract,
    journey_id: UUID,
    user: User,
    group_id: UUID | None = None,
    terms: TermsVersion,
    at: datetime,
) -> AdditionResult:
    """Register the provider of a journey for a signed-in account, once.

    The provider joins the group that the person administers, of several the chosen one or else the
    oldest; without one a group is made. `terms` is the version in effect, which the page had
    accepted where it was not before. Where the contract has staff approve registrations it waits
    for them. A pending registration of the same unit under the account's own address is superseded;
    one under another address reserves the unit, and the addition is refused. Records
    `provider.added`, or `registration.refused` with the reason. Raises
    ChangedMeanwhileError when the chosen group is not the person's any more.
    """
    accepted = AcceptedTerms(terms.version, terms_digest(terms), at)
    try:
        with transaction.atomic():
            group = hold_admin_group(user.id, group_id)
            return _add(contract, journey_id, Registrant(user, group, accepted), at)
    except (ProviderRegisteredError, CodeSpentError, EntryGoneError) as error:
        return _refuse(contract, user, error.code, at)


def _add(
    contract: ActiveContract, journey_id: UUID, registrant: Registrant, at: datetime
) -> AdditionResult:
    user = registrant.user
    journey = Journey.objects.select_for_update(of=("self",)).get(id=journey_id, account_id=user.id)
    if journey.provider_id is not None:
        return AdditionResult(journey.provider_id)
    pending = (
        PendingRegistration.objects.select_for_update()
        .filter(contract_id=contract.id, unit_key=journey.unit_key, state__in=LIVE)
        .first()
    )
    if pending is not None:
        if waits_for(pending, user, at):
            return AdditionResult(None, waits=True)
        if not may_supersede(pending, user, at):
            return _refuse(contract, user, "reserved", at)
        waited = pending.state == RegistrationState.AWAITING
        ended = RegistrationState.RELEASED if waited else RegistrationState.SUPERSEDED
        end_registrations([pending], state=ended, at=at)
    if needs_approval(contract):
        return _await(contract, journey, registrant, at)
    provider = _register(contract, journey, registrant, at)
    journey.provider_id = provider.id
    journey.save(update_fields=["provider_id"])
    return AdditionResult(provider.id)


def _await(
    contract: ActiveContract, journey: Journey, registrant: Registrant, at: datetime
) -> AdditionResult:
    """Make the registration that waits for approval: the person is proven already."""
    terms = registrant.terms
    waiting = PendingRegistration(
        contract_id=contract.id,
        unit_key=journey.unit_key,
        identifier=journey.identifier,
        identifier_type=journey.identifier_type,
        roster_entry_id=journey.roster_entry_id,
        evidence=journey.evidence,
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        terms_accepted_at=terms.accepted_at,
        state=RegistrationState.AWAITING,
        created_at=at,
    )
    await_approval(contract=contract, pending=waiting, registrant=registrant, at=at)
    journey.pending = waiting
    journey.save(update_fields=["pending"])
    return AdditionResult(None, waits=True)


def _register(
    contract: ActiveContract, journey: Journey, registrant: Registrant, at: datetime
) -> Provider:
    provider = register_proven(contract=contract, unit=journey, registrant=registrant, at=at)
    record(
        "provider.added",
        contract_id=contract.id,
        actor_id=registrant.user.id,
        subject=("provider", provider.id),
        at=at,
    )
    return provider


def waits_for(pending: PendingRegistration | None, user: User, at: datetime) -> bool:
    """Tell whether a registration is this person's own and waits for approval."""
    return (
        pending is not None
        and pending.state == RegistrationState.AWAITING
        and pending.account_id == user.id
        and at < pending.reserved_until
    )


def may_supersede(pending: PendingRegistration, user: User, at: datetime) -> bool:
    """Tell whether a registration is this person's own, or over and only not released yet."""
    return pending.email.lower() == user.email.lower() or pending.reserved_until <= at


@transaction.atomic
def claim_own_registration(*, pending_id: UUID, user: User, at: datetime) -> Journey | None:
    """Turn the registration that a person began under their account's address into an addition.

    Called by the button on the page to which the mail to the owner of an address leads, signed in.
    Locks the registration: pressed twice, it makes one journey. Returns the journey that asks for
    confirmation; None for anybody else's registration. Records `registration.claimed`.
    """
    open_ones = list_open(at).select_for_update()
    pending = open_ones.filter(same_text("email", user.email), id=pending_id).first()
    if pending is None:
        return None
    opened = Journey.objects.filter(
        account_id=user.id,
        contract_id=pending.contract_id,
        unit_key=pending.unit_key,
        provider_id=None,
        expires_at__gt=at,
    ).first()
    return opened or _begin_addition(pending, user, at)


def _begin_addition(pending: PendingRegistration, user: User, at: datetime) -> Journey:
    journey = Journey.objects.create(
        group_id=uuid7(),
        contract_id=pending.contract_id,
        purpose=JourneyPurpose.ADD_PROVIDER,
        account_id=user.id,
        unit_key=pending.unit_key,
        identifier=pending.identifier,
        identifier_type=pending.identifier_type,
        roster_entry_id=pending.roster_entry_id,
        evidence=pending.evidence,
        created_at=at,
        expires_at=at + JOURNEY_LIFE,
    )
    record(
        "registration.claimed",
        contract_id=pending.contract_id,
        actor_id=user.id,
        subject=("pending_registration", pending.id),
        at=at,
    )
    return journey


def _refuse(contract: ActiveContract, user: User, reason: str, at: datetime) -> AdditionResult:
    with transaction.atomic():
        record(
            "registration.refused",
            contract_id=contract.id,
            actor_id=user.id,
            result=reason,
            at=at,
        )
    return AdditionResult(None)
