"""Submit a registration: reserve its unit and username, and have the link mailed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Exists

from contracts.registration.models import Journey, PendingRegistration
from contracts.registration.selectors import find_live_registration
from contracts.registration.services.journeys import ALREADY_REGISTERED
from contracts.registration.services.links import enqueue_link
from contracts.registration.services.reservations import release_overdue
from contracts.registration.terms import terms_digest
from core.accounts.selectors import find_account_by_username
from core.audit.recording import record
from core.groups.selectors import unit_is_registered
from tenants.configuration.document import TermsVersion
from tenants.context import ActiveContract


class SubmitOutcome(StrEnum):
    """What became of a submission."""

    SUBMITTED = "submitted"
    ALREADY_PENDING = "already_pending"
    USERNAME_TAKEN = "username_taken"
    REFUSED = "refused"


@dataclass(frozen=True)
class SubmitResult:
    """The outcome, and the registration that the confirmation page is about."""

    outcome: SubmitOutcome
    pending: PendingRegistration | None = None


def save_information(*, journey_id: UUID, information: Mapping[str, str]) -> None:
    """Keep what was typed on the information page, for the next steps and for coming back."""
    Journey.objects.filter(id=journey_id, pending=None).update(information=dict(information))


@transaction.atomic
def submit_registration(
    *, contract: ActiveContract, journey_id: UUID, terms: TermsVersion, at: datetime
) -> SubmitResult:
    """Turn a journey into a pending registration, once.

    Called when the terms are accepted. In one transaction: the row that reserves unit and
    username until `links.reservation_hours` are over, the audit event `registration.submitted` and
    the mail with the link. Sent twice, from two tabs or by two people at once, it makes one row:
    the others are led to it. A username that was taken meanwhile, and a provider that was
    registered meanwhile, are returned as such and change nothing.
    """
    journey = Journey.objects.select_for_update(of=("self",)).get(id=journey_id)
    if journey.pending_id is not None:
        return SubmitResult(SubmitOutcome.ALREADY_PENDING, journey.pending)
    if unit_is_registered(contract_id=contract.id, unit_key=journey.unit_key):
        record("registration.refused", contract_id=contract.id, result=ALREADY_REGISTERED, at=at)
        return SubmitResult(SubmitOutcome.REFUSED)
    pending = _reserve(contract, journey, terms, at)
    if pending is None:
        return _led_to_existing(journey, at)
    record(
        "registration.submitted",
        contract_id=contract.id,
        subject=("pending_registration", pending.id),
        data={"entry": str(pending.roster_entry_id), "terms": terms.version},
        at=at,
    )
    enqueue_link(pending, at=at)
    return SubmitResult(SubmitOutcome.SUBMITTED, pending)


def _reserve(
    contract: ActiveContract, journey: Journey, terms: TermsVersion, at: datetime
) -> PendingRegistration | None:
    """Insert the row; None when unit or username is taken. What is overdue makes room first."""
    username = journey.information["username"]
    if find_account_by_username(username) is not None:
        return None
    pending = _build(contract, journey, terms, at)
    if _insert(journey, pending):
        return pending
    release_overdue(contract_id=contract.id, unit_key=journey.unit_key, username=username, at=at)
    return pending if _insert(journey, pending) else None


def _insert(journey: Journey, pending: PendingRegistration) -> bool:
    """Insert the row and attach it, unless the database says that unit or username is reserved.

    One that is being reserved at this moment is waited for. No error is raised, so the
    transaction goes on without a savepoint.
    """
    PendingRegistration.objects.bulk_create([pending], ignore_conflicts=True)
    inserted = PendingRegistration.objects.filter(id=pending.id)
    return bool(
        Journey.objects.filter(Exists(inserted), id=journey.id).update(
            pending=pending, information={}
        )
    )


def _build(
    contract: ActiveContract, journey: Journey, terms: TermsVersion, at: datetime
) -> PendingRegistration:
    return PendingRegistration(
        contract_id=contract.id,
        unit_key=journey.unit_key,
        identifier=journey.identifier,
        identifier_type=journey.identifier_type,
        roster_entry_id=journey.roster_entry_id,
        evidence=journey.evidence,
        terms_version=terms.version,
        terms_sha256=terms_digest(terms),
        terms_accepted_at=at,
        reserved_until=at + timedelta(hours=contract.document.links.reservation_hours),
        created_at=at,
        **journey.information,
    )


def _led_to_existing(journey: Journey, at: datetime) -> SubmitResult:
    existing = find_live_registration(
        contract_id=journey.contract_id, unit_key=journey.unit_key, at=at
    )
    if existing is None:
        return SubmitResult(SubmitOutcome.USERNAME_TAKEN)
    journey.pending = existing
    journey.information = {}
    journey.save(update_fields=["pending", "information"])
    return SubmitResult(SubmitOutcome.ALREADY_PENDING, existing)
