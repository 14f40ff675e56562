"""Suspend, close, archive and reopen contracts: at once, or at a time that is planned."""

import logging
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.console.data.deleting import delete_data
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.failures import describe_safely
from core.notifications.services.outbox import enqueue
from core.staff.permissions import StaffPermission
from core.staff.scope import list_holders
from tenants import registry
from tenants.models import Contract, ContractChange
from tenants.states import ContractState, may_become

logger = logging.getLogger(__name__)

CHANGE_KIND: Final = "contract_change"
_EVENTS: Final = {
    ContractState.READY: "contract.resumed",
    ContractState.SUSPENDED: "contract.suspended",
    ContractState.CLOSED: "contract.closed",
    ContractState.ARCHIVED: "contract.archived",
    ContractState.DELETED: "contract.deleted",
}


class StepNotPossibleError(DomainError):
    """The contract is in a state from which this one cannot be reached: somebody was quicker."""

    code = "contract_step_not_possible"

    def __init__(self, present: str) -> None:
        label = ContractState(present).label.lower()
        super().__init__(f"The contract is {label} by now, from where this cannot be done.")


class ChangePlannedError(DomainError):
    """Another change is planned, which would undo or outdate this one."""

    code = "contract_change_planned"
    message = "Another change is planned for this contract. Withdraw it first."


class ChangesFailedError(RuntimeError):
    """Some changes that are due could not be made; the others are."""

    def __init__(self, number: int) -> None:
        super().__init__(f"{number} planned changes were not made; the log says why")


@dataclass(frozen=True)
class Wording:
    """Why it is done, for the history, and what visitors are told."""

    reason: str
    public_note: str = ""
    back_on: date | None = None


@transaction.atomic
def change_state(
    *,
    contract_id: UUID,
    to: ContractState,
    wording: Wording,
    due_at: datetime | None,
    by: UUID,
    at: datetime,
) -> ContractChange:
    """Take a contract to another state, at once or, with `due_at`, when that moment comes.

    Called by operators through the console, which has asked for a fresh sign-in. Every process
    knows within a second; sessions and data stay as they are. The contract's other staff are told
    by mail. Records `contract.suspended`, `.closed`, `.archived` or `.resumed`, or
    `contract_change.planned`. Raises StepNotPossibleError and ChangePlannedError.
    """
    contract = hold_contract(contract_id)
    if not may_become(contract.state, to):
        raise StepNotPossibleError(contract.state)
    if contract.changes.filter(ContractChange.OPEN).exists():
        raise ChangePlannedError
    change = ContractChange.objects.create(
        contract=contract,
        to_state=to,
        reason=wording.reason,
        public_note=wording.public_note,
        back_on=wording.back_on,
        asked_by=by,
        asked_at=at,
        due_at=max(due_at or at, at),
    )
    if change.due_at <= at:
        _make(contract, change, at=at)
    else:
        record_change(change, "contract_change.planned", by=by, at=at)
    tell_of_change(change, but=by, at=at)
    return change


@transaction.atomic
def withdraw_change(*, change: ContractChange, by: UUID, at: datetime) -> bool:
    """End a planned change before it is made. False: it was made or withdrawn meanwhile.

    Called by operators. The contract's other staff are told. Records `contract_change.withdrawn`.
    """
    hold_contract(change.contract_id)
    change = ContractChange.objects.get(pk=change.pk)
    if not change.is_planned:
        return False
    _end(change, by=by, at=at)
    record_change(change, "contract_change.withdrawn", by=by, at=at)
    tell_of_change(change, but=by, at=at)
    return True


def make_due_changes(*, at: datetime) -> int:
    """Make the planned changes whose time has come. Called every minute; returns how many.

    One that is not possible any more, and a deletion that nobody has approved, ends unmade, and its
    owners are told (`contract_change.dropped`). One that fails is tried again, and holds up no
    other: raises ChangesFailedError once all had their turn.
    """
    due = ContractChange.objects.filter(ContractChange.OPEN, due_at__lte=at)
    done, failed = 0, 0
    for key in list(due.order_by("due_at").values_list("pk", flat=True)):
        try:
            done += _make_due(key, at=at)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next contract has no part in it
            failed += 1
            logger.error("change %s: not made: %s", key, describe_safely(error))  # noqa: TRY400 - its text may quote a row
    if failed:
        raise ChangesFailedError(failed)
    return done


@transaction.atomic
def _make_due(key: UUID, *, at: datetime) -> bool:
    found = ContractChange.objects.values_list("contract_id", flat=True).get(pk=key)
    contract = hold_contract(found)
    change = ContractChange.objects.get(pk=key)
    if not change.is_planned:
        return False
    is_possible = _is_possible(contract, change)
    if is_possible:
        if change.to_state == ContractState.DELETED:
            delete_data(contract_id=contract.pk)
        _make(contract, change, at=at)
    else:
        _end(change, by=None, at=at)
        record_change(change, "contract_change.dropped", by=None, at=at)
    tell_of_change(change, but=None, at=at)
    return is_possible


def _is_possible(contract: Contract, change: ContractChange) -> bool:
    if change.to_state == ContractState.DELETED:
        return contract.state == ContractState.ARCHIVED and change.approved_at is not None
    return may_become(contract.state, change.to_state)


def hold_contract(contract_id: UUID) -> Contract:
    """Lock the contract, as publishing does: one change of it at a time."""
    return Contract.objects.select_for_update(of=("self",)).get(pk=contract_id)


def _make(contract: Contract, change: ContractChange, *, at: datetime) -> None:
    # An update: saving a tenant does more than write its row.
    Contract.objects.filter(pk=contract.pk).update(
        state=change.to_state,
        state_since=at,
        public_note=change.public_note,
        back_on=change.back_on,
    )
    ContractChange.objects.filter(pk=change.pk).update(done_at=at)
    change.done_at = at
    registry.announce()
    record_change(change, _EVENTS[ContractState(change.to_state)], by=change.asked_by, at=at)


def _end(change: ContractChange, *, by: UUID | None, at: datetime) -> None:
    ContractChange.objects.filter(pk=change.pk).update(ended_at=at, ended_by=by)
    change.ended_at, change.ended_by = at, by


def record_change(
    change: ContractChange, event: str, *, by: UUID | None, at: datetime, reason: str = ""
) -> None:
    """Record what became of a change, in the transaction of the act.

    `reason` is that of the act, where it is another than the change's own.
    """
    record(
        event,
        contract_id=change.contract_id,
        actor_id=by,
        subject=("contract_change", change.id),
        data={
            "to": str(change.to_state),
            "due_at": change.due_at.isoformat(),
            "reason": reason or change.reason,
        },
        at=at,
    )


def tell_of_change(change: ContractChange, *, but: UUID | None, at: datetime) -> None:
    """Mail those who configure the contract; whoever did it knows."""
    permission = StaffPermission.CONTRACTS_CONFIGURE
    for one in list_holders(permission, [change.contract_id], at=at):
        if one.user.id == but:
            continue
        enqueue(
            kind=CHANGE_KIND,
            to=one.user.email,
            subject_id=change.id,
            contract_id=change.contract_id,
            account_id=one.user.id,
            context={"happened": _happened(change)},
            at=at,
        )


def _happened(change: ContractChange) -> str:
    """Return what there is to tell of a change now."""
    if change.done_at:
        return "made"
    if not change.ended_at:
        return "planned"
    return "withdrawn" if change.ended_by else "dropped"
