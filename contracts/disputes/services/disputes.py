"""Open a dispute over an identifier, and decide it.

Whoever opens one learns nothing: no look-up is made for them, and the same is answered for every
number. Staff see both sides and decide.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from contracts.disputes.facts import DisputeFacts, digests_of, sealed
from contracts.disputes.models import Dispute, DisputeState
from contracts.disputes.selectors import list_holders_of
from contracts.disputes.services.guarding import hold_identifier
from core.accounts.services.attempts import Limit, count_attempt
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.identifiers import normalize
from core.common.ids import uuid7
from core.common.purging import delete_in_batches
from core.groups.services.giving_up import hand_over_provider, release_provider
from core.notifications.services.outbox import enqueue
from tenants import registry
from tenants.context import ActiveContract

DISPUTE_KIND: Final = "dispute_notice"
KEPT: Final = timedelta(days=90)
"""After the decision, as requests to join and to recover."""
# Own figures: an office has one dispute; a network may have several offices.
_PER_NETWORK: Final = 10
_PER_IDENTIFIER: Final = 2
_PER_EMAIL: Final = 3
_DAY: Final = timedelta(days=1)
# Without letters and digits that are taken for each other on the phone.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class DisputeOverError(DomainError):
    """Somebody decided before, or what it is about has changed."""

    code: ClassVar[str] = "dispute_over"
    message: ClassVar[str] = (
        "Nothing was done, because this dispute has changed since you opened the page. It shows "
        "the present state now."
    )


class SameDeciderError(DomainError):
    """The first decision is this person's own."""

    code: ClassVar[str] = "same_decider"
    message: ClassVar[str] = "You have decided this dispute. Somebody else has to confirm it."


class UpholdStep(StrEnum):
    """What upholding would be, as a page shows it; it comes back with the form."""

    ONLY = "only"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True)
class DisputeAnswer:
    """The dispute, or from when on the next one is possible."""

    dispute: Dispute | None
    retry_at: datetime | None = None


def open_dispute(
    *, contract: ActiveContract, facts: DisputeFacts, address: str, at: datetime
) -> DisputeAnswer:
    """Write a dispute down and mail its reference to whoever opened it.

    Called by the public page for anybody; `address` is the network address. Counted per network,
    per identifier within it, and per e-mail address, whatever the number is: under the identifier
    alone a stranger would use up what its owner may open. Records `dispute.opened`, or
    `dispute.refused` when it is too often.
    """
    limits = [
        Limit("dispute.address", address, _PER_NETWORK, _DAY),
        Limit("dispute.email", facts.email.lower(), _PER_EMAIL, _DAY),
        Limit(
            "dispute.identifier",
            f"{contract.id} {address} {normalize(facts.identifier)}",
            _PER_IDENTIFIER,
            _DAY,
        ),
    ]
    allowance = count_attempt(limits=limits, at=at)
    with transaction.atomic():
        if not allowance.allowed:
            record("dispute.refused", contract_id=contract.id, result="too_many", at=at)
            return DisputeAnswer(None, retry_at=allowance.retry_at)
        hold_identifier(contract.id, facts.identifier)
        dispute_id = uuid7()
        dispute = Dispute.objects.create(
            id=dispute_id,
            reference=_new_reference(),
            contract_id=contract.id,
            sealed_facts=sealed(facts, dispute_id),
            identifier_digest=digests_of(contract.id, facts.identifier)[-1],
            asked_at=at,
        )
        _tell(dispute, facts.email, at=at)
        _record("dispute.opened", dispute, by=None, at=at)
    return DisputeAnswer(dispute)


def step_of(dispute: Dispute, contract: ActiveContract) -> UpholdStep:
    """Return what upholding a dispute is next."""
    if dispute.first_by is not None:
        return UpholdStep.SECOND
    two = dispute.needs_second or contract.document.registration.dispute_second_person
    return UpholdStep.FIRST if two else UpholdStep.ONLY


@transaction.atomic
def reject_dispute(*, dispute_id: UUID, reason: str, email: str, by: UUID, at: datetime) -> Dispute:
    """Reject a dispute with a reason, which whoever opened it reads; one person suffices.

    Called by the pages of staff. Records `dispute.rejected`. Raises DisputeOverError.
    """
    dispute = _hold(dispute_id)
    dispute.first_by = dispute.first_at = dispute.first_provider_id = None
    dispute.first_moved_to = None
    dispute.first_reason = ""
    _close(dispute, DisputeState.REJECTED, reason=reason, by=by, at=at)
    _tell(dispute, email, at=at)
    _record("dispute.rejected", dispute, by=by, at=at, reason=reason)
    return dispute


@dataclass(frozen=True)
class Release:
    """Which provider is released or moved, and the step that the page showed."""

    provider_id: UUID
    step: str
    to: UUID | None = None
    """The group of whoever opened the dispute, where the provider is moved there."""


def uphold_dispute(
    *, dispute_id: UUID, release: Release, reason: str, email: str, by: UUID, at: datetime
) -> Dispute:
    """Uphold a dispute: release the provider that holds the identifier, or move it, or begin to.

    Called by the pages of staff. Where the contract asks for a second person the first decision is
    written down, and the second one, about the same provider, carries it out: the provider ends in
    its group with its roles, everybody concerned has mail, and the identifier can be registered by
    whoever passes the contract's rule. With a group in `release.to` it is moved there instead, as
    at the roster. Records `dispute.upheld_once`, or `dispute.upheld` and `provider.released` or
    `provider.moved`. Raises DisputeOverError, SameDeciderError, and ChangedMeanwhileError when it
    cannot be moved there by now.
    """
    with transaction.atomic():
        dispute = _hold(dispute_id)
        contract = registry.get_contract_by_id(dispute.contract_id)
        present = step_of(dispute, contract)
        if dispute.first_by == by:
            raise SameDeciderError
        provider = list_holders_of(dispute).filter(pk=release.provider_id).first()
        if present != release.step or provider is None:
            raise DisputeOverError
        if present is UpholdStep.FIRST:
            return _begin(dispute, release, reason=reason, by=by, at=at)
        first = (dispute.first_provider_id, dispute.first_moved_to)
        if present is UpholdStep.SECOND and first != (provider.id, release.to):
            raise DisputeOverError
        _settle(dispute, release, reason=reason, by=by, at=at)
        _close(dispute, DisputeState.UPHELD, reason=reason, by=by, at=at)
        _tell(dispute, email, at=at)
        _record("dispute.upheld", dispute, by=by, at=at, reason=reason)
        return dispute


def purge_disputes(*, at: datetime) -> int:
    """Delete disputes that were decided long ago; returns how many."""
    return delete_in_batches(Dispute.objects.filter(decided_at__lt=at - KEPT))


def _settle(dispute: Dispute, release: Release, *, reason: str, by: UUID, at: datetime) -> None:
    act = release_provider if release.to is None else partial(hand_over_provider, to=release.to)
    act(provider_id=release.provider_id, reason=reason, settles=dispute.id, by=by, at=at)
    dispute.provider_id, dispute.moved_to = release.provider_id, release.to


def _begin(dispute: Dispute, release: Release, *, reason: str, by: UUID, at: datetime) -> Dispute:
    dispute.first_by, dispute.first_at, dispute.first_reason = by, at, reason
    dispute.first_provider_id, dispute.first_moved_to = release.provider_id, release.to
    dispute.needs_second = True
    dispute.save()
    _record("dispute.upheld_once", dispute, by=by, at=at, reason=reason)
    return dispute


def _close(dispute: Dispute, state: DisputeState, *, reason: str, by: UUID, at: datetime) -> None:
    dispute.state, dispute.reason = state, reason
    dispute.decided_by, dispute.decided_at = by, at
    dispute.save()


def _hold(dispute_id: UUID) -> Dispute:
    held = Dispute.objects.select_for_update().filter(pk=dispute_id, state=DisputeState.OPEN)
    dispute = held.first()
    if dispute is None:
        raise DisputeOverError
    return dispute


def _tell(dispute: Dispute, email: str, *, at: datetime) -> None:
    enqueue(
        kind=DISPUTE_KIND,
        to=email,
        subject_id=dispute.id,
        contract_id=dispute.contract_id,
        context={"state": str(dispute.state)},
        at=at,
    )


def _record(
    event: str, dispute: Dispute, *, by: UUID | None, at: datetime, reason: str = ""
) -> None:
    provider = dispute.provider_id or dispute.first_provider_id
    to = dispute.moved_to or dispute.first_moved_to
    record(
        event,
        contract_id=dispute.contract_id,
        actor_id=by,
        subject=("dispute", dispute.id),
        data={
            **({"provider": str(provider)} if provider else {}),
            **({"to": str(to)} if to else {}),
            **({"reason": reason} if reason else {}),
        },
        at=at,
    )


def _new_reference() -> str:
    drawn = "".join(secrets.choice(_ALPHABET) for _place in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"
