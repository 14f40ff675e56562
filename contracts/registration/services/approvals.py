"""Registrations that wait for staff: put before them, approved by one or two, declined.

The person is proven and has an account by then; provider and membership come with the approval
(docs/adr/0032).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from contracts.evidence.services.records import ApprovedBy
from contracts.registration.kinds import APPROVAL_STAFF_KIND, LINK_KIND
from contracts.registration.models import Approval, PendingRegistration
from contracts.registration.services.approval_ends import close_approval, tell_registrant
from contracts.registration.services.providers import (
    Registrant,
    check_entry,
    register_proven,
    spend_proven_code,
    terms_of,
)
from contracts.registration.services.reservations import forget_link, forget_person
from contracts.registration.states import ApprovalOutcome, RegistrationState, check_transition
from core.accounts.services.accounts import grant_contract_access
from core.audit.recording import record
from core.common.errors import DomainError
from core.groups.models import ProviderGroup
from core.groups.selectors import unit_is_registered
from core.groups.services.providers import ProviderRegisteredError, hold_admin_group
from core.groups.services.roles import ChangedMeanwhileError
from core.notifications.services.outbox import cancel_messages, enqueue
from core.staff.permissions import StaffPermission
from core.staff.scope import list_holders
from tenants import registry
from tenants.context import ActiveContract

STAFF_TOLD_EVERY: Final = timedelta(hours=4)
"""Own figure: a program that opens has hundreds of registrations on one day; the queue counts."""


class ApprovalOverError(DomainError):
    """Somebody decided or approved before, or the time is over."""

    code: ClassVar[str] = "approval_over"
    message: ClassVar[str] = (
        "Nothing was done, because this registration has changed since you opened the page. It "
        "shows the present state now."
    )


class SamePersonError(DomainError):
    """The first approval is this person's own."""

    code: ClassVar[str] = "same_person"
    message: ClassVar[str] = "You have approved this registration. Somebody else has to confirm it."


class OwnRegistrationError(DomainError):
    """Staff decided about themselves."""

    code: ClassVar[str] = "own_registration"
    message: ClassVar[str] = "Nobody decides about their own registration. Ask somebody else."


class RegistrantClosedError(DomainError):
    """The account was closed meanwhile."""

    code: ClassVar[str] = "registrant_closed"
    message: ClassVar[str] = (
        "The account of whoever registered is closed, so nothing was approved. Decline it, or "
        "have the account opened first."
    )


class ApprovalStep(StrEnum):
    """What an approval would be, as a page shows it; it comes back with the form."""

    ONLY = "only"
    FIRST = "first"
    SECOND = "second"


def needs_approval(contract: ActiveContract) -> bool:
    """Tell whether registrations of a contract wait for staff."""
    return contract.document.registration.approval != "automatic"


def step_of(approval: Approval, contract: ActiveContract) -> ApprovalStep:
    """Return what the next approval is; a contract that asks for two by now asks here, too."""
    if approval.first_by is not None:
        return ApprovalStep.SECOND
    two = approval.needs_second or contract.document.registration.approval_second_person
    return ApprovalStep.FIRST if two else ApprovalStep.ONLY


def await_approval(
    *,
    contract: ActiveContract,
    pending: PendingRegistration,
    registrant: Registrant,
    at: datetime,
) -> Approval:
    """Put a proven registration before the staff of its contract, in the caller's transaction.

    `pending` is locked, or a new one that begins here. The issued code is used up now, so that
    nobody else registers by it meanwhile; the unit stays reserved for `registration.approval_days`.
    Mails whoever registered and staff. Records `registration.awaiting_approval`. Raises what
    `register_proven` would:
    CodeSpentError, EntryGoneError, ProviderRegisteredError.
    """
    user = registrant.user
    if unit_is_registered(contract_id=contract.id, unit_key=pending.unit_key):
        raise ProviderRegisteredError
    entry = check_entry(contract, pending, at=at)
    spend_proven_code(contract, pending, user=user, terms=registrant.terms, at=at)
    _reserve(contract, pending, user_id=user.id, at=at)
    approval = Approval.objects.create(
        registration=pending,
        contract_id=contract.id,
        user=user,
        group_id=registrant.group.id if registrant.group else None,
        provider_name=entry.name,
        provider_place=", ".join(part for part in (entry.city, entry.state) if part),
        asked_at=at,
        needs_second=contract.document.registration.approval_second_person,
    )
    grant_contract_access(user_id=user.id, contract_id=contract.id, at=at)
    cancel_messages(kind=LINK_KIND, subject_id=pending.id)
    _record("registration.awaiting_approval", approval, by=user.id, at=at)
    tell_registrant(approval, at=at)
    _tell_staff(approval, at=at)
    return approval


def _reserve(
    contract: ActiveContract, pending: PendingRegistration, *, user_id: UUID, at: datetime
) -> None:
    if pending.state != RegistrationState.AWAITING:
        check_transition(pending.state, RegistrationState.AWAITING)
    days = contract.document.registration.approval_days
    pending.state, pending.account_id = RegistrationState.AWAITING, user_id
    pending.reserved_until = at + timedelta(days=days)
    # From now on the account knows who it is.
    forget_link(pending)
    forget_person(pending)
    pending.save()


def approve_registration(
    *, approval_id: UUID, step: str, reason: str, by: UUID, at: datetime
) -> Approval:
    """Approve a registration, or begin to where a second person has to confirm it.

    Called by the pages of staff. `step` is what the page showed: of two who approve at once, one
    is told. With the last approval the provider is registered, with group, membership, evidence
    and the notice to the address on file, and whoever registered has mail. Records
    `registration.approval_begun`, or `registration.approved` and what `register_proven` records.
    Raises ApprovalOverError, SamePersonError, OwnRegistrationError, RegistrantClosedError, and
    EntryGoneError or ProviderRegisteredError when the provider cannot be registered any more.
    """
    with transaction.atomic():
        group = _hold_group(approval_id)
        approval = _hold(approval_id, by=by, at=at)
        contract = registry.get_contract_by_id(approval.contract_id)
        present = step_of(approval, contract)
        if approval.first_by == by:
            raise SamePersonError
        if present != step:
            raise ApprovalOverError
        if not approval.user.is_active:
            raise RegistrantClosedError
        if present is ApprovalStep.FIRST:
            return _begin(approval, reason=reason, by=by, at=at)
        return _register(approval, contract, group, reason=reason, by=by, at=at)


@transaction.atomic
def decline_registration(*, approval_id: UUID, reason: str, by: UUID, at: datetime) -> Approval:
    """Decline a registration with a reason, which whoever registered reads; one person suffices.

    Called by the pages of staff. The identifier is free again, the issued code stays used. Records
    `registration.declined`. Raises ApprovalOverError, OwnRegistrationError.
    """
    approval = _hold(approval_id, by=by, at=at)
    pending = approval.registration
    check_transition(pending.state, RegistrationState.DECLINED)
    pending.state, pending.ended_at = RegistrationState.DECLINED, at
    pending.save(update_fields=["state", "ended_at"])
    approval.reason, approval.decided_by = reason, by
    close_approval(approval, ApprovalOutcome.DECLINED, at=at)
    _record("registration.declined", approval, by=by, at=at, reason=reason)
    return approval


def _begin(approval: Approval, *, reason: str, by: UUID, at: datetime) -> Approval:
    approval.first_by, approval.first_at, approval.first_reason = by, at, reason
    approval.needs_second = True
    approval.save(update_fields=["first_by", "first_at", "first_reason", "needs_second"])
    _record("registration.approval_begun", approval, by=by, at=at, reason=reason)
    return approval


def _register(
    approval: Approval,
    contract: ActiveContract,
    group: ProviderGroup | None,
    *,
    reason: str,
    by: UUID,
    at: datetime,
) -> Approval:
    pending = approval.registration
    check_transition(pending.state, RegistrationState.COMPLETED)
    approved = ApprovedBy(approval.first_by or by, by if approval.first_by else None, reason, at)
    registrant = Registrant(approval.user, group, terms_of(pending), pending.id)
    register_proven(
        contract=contract,
        unit=pending,
        registrant=replace(registrant, approved=approved),
        at=at,
    )
    pending.state, pending.ended_at = RegistrationState.COMPLETED, at
    pending.save(update_fields=["state", "ended_at"])
    approval.reason, approval.decided_by = reason, by
    close_approval(approval, ApprovalOutcome.APPROVED, at=at)
    _record("registration.approved", approval, by=by, at=at, reason=reason)
    return approval


def _hold_group(approval_id: UUID) -> ProviderGroup | None:
    """Return the group that the provider joins, locked before the registration as everywhere.

    Who does not administer the chosen one any more gets the oldest that they do, or a new one.
    """
    asked = Approval.objects.filter(pk=approval_id).values("user_id", "group_id").first()
    if asked is None:
        raise ApprovalOverError
    try:
        return hold_admin_group(asked["user_id"], asked["group_id"])
    except ChangedMeanwhileError:
        return hold_admin_group(asked["user_id"])


def _hold(approval_id: UUID, *, by: UUID, at: datetime) -> Approval:
    """Return a waiting approval with its registration, both locked, the registration first."""
    waiting = PendingRegistration.objects.select_for_update().filter(
        approval=approval_id, state=RegistrationState.AWAITING, reserved_until__gt=at
    )
    pending = waiting.first()
    if pending is None:
        raise ApprovalOverError
    approvals = Approval.objects.select_for_update(of=("self",)).select_related("user")
    approval = approvals.get(pk=approval_id, outcome="")
    approval.registration = pending
    if approval.user_id == by:
        raise OwnRegistrationError
    return approval


def _tell_staff(approval: Approval, *, at: datetime) -> None:
    """Mail those who can decide, unless they heard of another one a short while ago.

    That is staff of the contract itself where there are any; staff of the whole deployment is told
    when nobody else can decide.
    """
    others = Approval.objects.filter(contract_id=approval.contract_id).exclude(pk=approval.pk)
    if others.filter(asked_at__gt=at - STAFF_TOLD_EVERY).exists():
        return
    decide = StaffPermission.REGISTRATIONS_DECIDE
    able = [
        one
        for one in list_holders(decide, [approval.contract_id], at=at)
        if one.user.id != approval.user_id
    ]
    own = [one for one in able if not one.scope(decide).everywhere]
    for one in own or able:
        enqueue(
            kind=APPROVAL_STAFF_KIND,
            to=one.user.email,
            subject_id=approval.id,
            contract_id=approval.contract_id,
            account_id=one.user.id,
            at=at,
        )


def _record(event: str, approval: Approval, *, by: UUID, at: datetime, reason: str = "") -> None:
    data: Mapping[str, object] = {
        "registration": str(approval.registration_id),
        "account": str(approval.user_id),
        **({"reason": reason} if reason else {}),
    }
    record(
        event,
        contract_id=approval.contract_id,
        actor_id=by,
        subject=("approval", approval.id),
        data=data,
        at=at,
    )
