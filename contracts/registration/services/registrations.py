"""Submit a registration: reserve its unit and username, and have the link mailed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists

from contracts.registration.models import (
    UNIT_ONCE,
    USERNAME_ONCE,
    Journey,
    PendingRegistration,
)
from contracts.registration.selectors import find_live_registration, find_open_by_username
from contracts.registration.services.journeys import ALREADY_REGISTERED
from contracts.registration.services.links import enqueue_link
from contracts.registration.services.reservations import release_overdue
from contracts.registration.terms import terms_digest
from core.accounts.selectors import find_account_by_username
from core.audit.recording import record
from core.groups.selectors import unit_is_registered
from tenants.configuration.document import TermsVersion
from tenants.context import ActiveContract

_ATTEMPTS: Final = 3


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
    *, contract: ActiveContract, journey_id: UUID, terms: TermsVersion, host: str, at: datetime
) -> SubmitResult:
    """Turn a journey into a pending registration, once.

    `host` is the configured host that the request came to (`request.site_host`, never its header).
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
    reserved = _reserve(_build(contract, journey, terms, host, at), journey, at)
    if not isinstance(reserved, PendingRegistration):
        return _not_reserved(reserved, journey, at)
    pending = reserved
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
    pending: PendingRegistration, journey: Journey, at: datetime
) -> PendingRegistration | str:
    """Insert the row, or return the name of the constraint that stands in its way.

    What is overdue makes room, and one that somebody has in hand is waited for. What stood in the
    way may have ended meanwhile, so it is tried again, a few times at most.
    """
    username = journey.information["username"]
    if find_account_by_username(username) is not None:
        return USERNAME_ONCE
    if _insert(journey, pending):
        return pending
    conflict = ""
    for _ in range(_ATTEMPTS):
        release_overdue(
            contract_id=pending.contract_id, unit_key=journey.unit_key, username=username, at=at
        )
        conflict = _insert_or_name_conflict(journey, pending)
        if not conflict:
            return pending
        if _is_reserved(conflict, journey, at):
            break
    return conflict


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


def _insert_or_name_conflict(journey: Journey, pending: PendingRegistration) -> str:
    """Insert the row and attach it; returns the name of the constraint that refuses it, or "".

    Raises IntegrityError for any constraint but the two that reserve unit and username.
    """
    try:
        with transaction.atomic():
            pending.save(force_insert=True)
    except IntegrityError as error:
        name = _constraint_of(error)
        if name not in {UNIT_ONCE, USERNAME_ONCE}:
            raise
        return name
    Journey.objects.filter(id=journey.id).update(pending=pending, information={})
    return ""


def _constraint_of(error: IntegrityError) -> str:
    diagnostics = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnostics, "constraint_name", None) or "")


def _is_reserved(conflict: str, journey: Journey, at: datetime) -> bool:
    """Tell whether what the constraint protects is still taken, by a row that is not overdue."""
    if conflict == USERNAME_ONCE:
        return find_open_by_username(journey.information["username"], at=at) is not None
    return _find_existing(journey, at) is not None


def _build(
    contract: ActiveContract, journey: Journey, terms: TermsVersion, host: str, at: datetime
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
        host=host,
        reserved_until=at + timedelta(hours=contract.document.links.reservation_hours),
        created_at=at,
        **journey.information,
    )


def _not_reserved(conflict: str, journey: Journey, at: datetime) -> SubmitResult:
    """Lead to the registration that has the unit, or say that the username is taken."""
    existing = _find_existing(journey, at)
    if existing is not None:
        journey.pending, journey.information = existing, {}
        journey.save(update_fields=["pending", "information"])
        return SubmitResult(SubmitOutcome.ALREADY_PENDING, existing)
    if conflict == USERNAME_ONCE:
        return SubmitResult(SubmitOutcome.USERNAME_TAKEN)
    record("registration.refused", contract_id=journey.contract_id, result="reserved", at=at)
    return SubmitResult(SubmitOutcome.REFUSED)


def _find_existing(journey: Journey, at: datetime) -> PendingRegistration | None:
    return find_live_registration(contract_id=journey.contract_id, unit_key=journey.unit_key, at=at)
