"""The acts that staff may do on an account: one table, with who may do which when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from core.staff.account_facts import AccountFacts
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, StaffScope
from core.staff.services.desk import (
    ask_for_new_password,
    reactivate_for_owner,
    resend_account_link,
    unlock_for_owner,
)


class CarryOut(Protocol):
    """The service behind an act."""

    def __call__(self, *, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
        """Do it, record it with the reason, and tell the owner."""


@dataclass(frozen=True)
class Act:
    """One act. `reach` says of a scope whether it suffices for the account's contracts.

    `changes` holds of acts that need a fresh sign-in.
    """

    name: str
    permission: StaffPermission
    label: str
    explains: str
    done: str
    fits: Callable[[AccountFacts], bool]
    carry_out: CarryOut
    whole_person: bool = False
    changes: bool = False

    def allowed_to(self, staff: StaffActor, facts: AccountFacts) -> bool:
        """Tell whether somebody of staff may do it to this account.

        Nobody acts on themselves. What changes the whole person needs all their contracts in scope
        (design decision 15); staff are the business of whoever manages staff.
        """
        if facts.user.id == staff.user.id:
            return False
        if facts.user.is_staff_member:
            return staff.scope(StaffPermission.STAFF_MANAGE).everywhere
        return self._reaches(staff.scope(self.permission), facts)

    def _reaches(self, scope: StaffScope, facts: AccountFacts) -> bool:
        if self.whole_person:
            return scope.covers_all(facts.contract_ids)
        return scope.covers_any(facts.contract_ids)


ACTS: Final = {
    act.name: act
    for act in (
        Act(
            name="unlock",
            permission=StaffPermission.USERS_UNLOCK,
            label="Unlock",
            explains="The lock opens and all failures are forgotten. The owner is told by mail.",
            done="The account is open again. Its owner is told by mail.",
            fits=lambda facts: facts.is_locked,
            carry_out=unlock_for_owner,
        ),
        Act(
            name="resend",
            permission=StaffPermission.USERS_RESEND,
            label="Resend the registration link",
            explains=(
                "A mail tells the owner how to finish the MFA registration. It goes to the "
                "address of the account."
            ),
            done="The mail is on its way to the address of the account.",
            fits=lambda facts: facts.user.is_active and not facts.factors,
            carry_out=resend_account_link,
        ),
        Act(
            name="new_password",
            permission=StaffPermission.USERS_RESEND,
            label="Send the way to a new password",
            explains=(
                "A mail leads the owner to Forgot password. The present password works until then, "
                "and the second factor is asked for as always."
            ),
            done="The mail is on its way to the address of the account.",
            fits=lambda facts: facts.user.is_active and bool(facts.factors),
            carry_out=ask_for_new_password,
        ),
        Act(
            name="reactivate",
            permission=StaffPermission.USERS_UNLOCK,
            label="Reactivate",
            explains=(
                "The account can be used again, with its password and second factors. Make sure "
                "first that its owner still works there. The owner is told by mail."
            ),
            done="The account is active again. Its owner is told by mail.",
            fits=lambda facts: facts.user.is_dormant,
            carry_out=reactivate_for_owner,
            whole_person=True,
            changes=True,
        ),
        Act(
            name="reopen",
            permission=StaffPermission.USERS_DEACTIVATE,
            label="Reopen",
            explains=(
                "Somebody decided to close this account. Find out why first; the last events below "
                "name the moment. The owner is told by mail."
            ),
            done="The account is active again. Its owner is told by mail.",
            fits=lambda facts: not facts.user.is_active and not facts.user.is_dormant,
            carry_out=reactivate_for_owner,
            whole_person=True,
            changes=True,
        ),
    )
}
"""In the order in which the page offers them."""


def offered_acts(staff: StaffActor, facts: AccountFacts) -> list[Act]:
    """Return what somebody of staff may do to an account as it is now."""
    return [act for act in ACTS.values() if act.fits(facts) and act.allowed_to(staff, facts)]
