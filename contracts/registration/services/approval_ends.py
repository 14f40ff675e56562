"""What goes with a registration that waited for approval and is over, however it ended."""

from datetime import datetime
from uuid import UUID

from contracts.registration.kinds import APPROVAL_KIND
from contracts.registration.models import Approval, PendingRegistration
from contracts.registration.states import ApprovalOutcome
from contracts.roster.services.codes import return_code
from core.accounts.policies import find_contract
from core.accounts.services.accounts import release_contract_access
from core.notifications.services.outbox import enqueue
from tenants.context import contract_context


def end_undecided(pending: PendingRegistration, outcome: ApprovalOutcome, *, at: datetime) -> None:
    """End the waiting of a registration that nobody decided in its time, or that was withdrawn.

    In the caller's transaction, its row locked.

    The issued code is good again: nothing was wrong with it. Whoever registered has mail, and
    access to the contract ends unless something else needs it.
    """
    approval = Approval.objects.select_for_update().get(registration=pending, outcome="")
    close_approval(approval, outcome, at=at)
    code_id = pending.evidence["issued_code_id"]
    contract = find_contract(pending.contract_id)
    if code_id and contract is not None:
        with contract_context(contract):
            return_code(code_id=UUID(str(code_id)), at=at)


def close_approval(approval: Approval, outcome: ApprovalOutcome, *, at: datetime) -> None:
    """Write down the outcome, take back what was lent, and tell whoever registered.

    In the caller's transaction, after the registration itself has ended.
    """
    approval.outcome, approval.ended_at = outcome, at
    approval.save(update_fields=["outcome", "ended_at", "reason", "decided_by"])
    if outcome != ApprovalOutcome.APPROVED:
        release_contract_access(user_id=approval.user_id, contract_id=approval.contract_id, at=at)
    tell_registrant(approval, at=at)


def tell_registrant(approval: Approval, *, at: datetime) -> None:
    """Mail whoever registered how far it is, in the transaction that brought it there."""
    if approval.user.is_active:
        enqueue(
            kind=APPROVAL_KIND,
            to=approval.user.email,
            subject_id=approval.id,
            account_id=approval.user_id,
            contract_id=approval.contract_id,
            context={"outcome": str(approval.outcome)},
            at=at,
        )
