"""Delete an archived contract: one asks, another approves, and days pass before it is done."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.console.services.lifecycle import (
    ChangePlannedError,
    StepNotPossibleError,
    hold_contract,
    record_change,
    tell_of_change,
)
from core.common.errors import DomainError
from tenants.models import ContractChange
from tenants.states import ContractState

DELAY_DAYS: Final = 30
"""Own figure: a month in which whoever needs the data can say so."""
DAYS_AFTER_APPROVAL: Final = 7
"""Own figure: a late approval does not delete on the spot."""


class SamePersonError(DomainError):
    """Who asked for a deletion cannot approve it."""

    code = "contract_deletion_needs_another"
    message = "You asked for this deletion. Somebody else has to approve it."


@transaction.atomic
def ask_deletion(*, contract_id: UUID, reason: str, by: UUID, at: datetime) -> ContractChange:
    """Ask that an archived contract's data is deleted, in `DELAY_DAYS` at the earliest.

    Called by operators after a fresh sign-in. Nothing is deleted before another one has approved;
    who configures the contract is told. Records `contract_deletion.asked`. Raises
    StepNotPossibleError and ChangePlannedError.
    """
    contract = hold_contract(contract_id)
    if contract.state != ContractState.ARCHIVED:
        raise StepNotPossibleError(contract.state)
    if contract.changes.filter(ContractChange.OPEN).exists():
        raise ChangePlannedError
    change = ContractChange.objects.create(
        contract=contract,
        to_state=ContractState.DELETED,
        reason=reason,
        asked_by=by,
        asked_at=at,
        due_at=at + timedelta(days=DELAY_DAYS),
    )
    record_change(change, "contract_deletion.asked", by=by, at=at)
    tell_of_change(change, but=by, at=at)
    return change


@transaction.atomic
def approve_deletion(*, change: ContractChange, reason: str, by: UUID, at: datetime) -> bool:
    """Approve a deletion that somebody else has asked for; False: it is no longer open.

    Called by operators after a fresh sign-in. It is done by the worker when its time has come,
    `DAYS_AFTER_APPROVAL` at the earliest, and can be withdrawn until then. Records
    `contract_deletion.approved`. Raises SamePersonError.
    """
    hold_contract(change.contract_id)
    change = ContractChange.objects.get(pk=change.pk)
    if not change.is_planned or change.approved_at or change.to_state != ContractState.DELETED:
        return False
    if change.asked_by == by:
        raise SamePersonError
    change.approved_by, change.approved_at = by, at
    change.due_at = max(change.due_at, at + timedelta(days=DAYS_AFTER_APPROVAL))
    change.save(update_fields=["approved_by", "approved_at", "due_at"])
    record_change(change, "contract_deletion.approved", by=by, at=at, reason=reason)
    tell_of_change(change, but=by, at=at)
    return True
