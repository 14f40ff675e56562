"""The acts that staff may do on an account: one table, with who may do which when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, Protocol
from uuid import UUID

from core.common.errors import DomainError
from core.staff.account_facts import AccountFacts
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, StaffScope
from core.staff.services.desk import (
    ask_desk_for_reset,
    ask_for_new_password,
    deactivate_for_owner,
    reactivate_for_owner,
    resend_account_link,
    reset_registration_of,
    unlock_for_owner,
)


class ActNotPossibleError(DomainError):
    """The account is not in a state for an act, or not any more."""

    code: ClassVar[str] = "act_not_possible"
    message: ClassVar[str] = (
        "The account is not in a state for this, or not any more. Nothing was changed."
    )


class CarryOut(Protocol):
    """The service behind an act."""

    def __call__(self, *, user_id: UUID, reason: str, by: UUID, at: datetime) -> None:
        """Do it, record it with the reason, and tell the owner."""


class Reach(StrEnum):
    """How much of a person has to be inside a scope: design decision 15.

    SOME: one of their contracts. ALL: every one. PART: some and not all, for what is left to staff
    with a wider scope.
    """

    SOME = "some"
    ALL = "all"
    PART = "part"


@dataclass(frozen=True)
class Act:
    """One act. `reach` says how much of the person has to be in scope.

    `changes` holds of acts that need a fresh sign-in.
    """

    name: str
    permission: StaffPermission
    label: str
    explains: str
    done: str
    fits: Callable[[AccountFacts], bool]
    carry_out: CarryOut
    reach: Reach = Reach.SOME
    changes: bool = False

    def allowed_to(self, staff: StaffActor, facts: AccountFacts) -> bool:
        """Tell whether somebody of staff may do it to this account.

        Nobody acts on themselves. What changes the whole person needs all their contracts in scope
        (design decision 15); staff are the business of whoever manages staff.
        """
        if facts.user.id == staff.user.id:
            return False
        scope = staff.scope(self.right_for(facts))
        return scope.everywhere if facts.user.is_staff_member else self._reaches(scope, facts)

    def right_for(self, facts: AccountFacts) -> StaffPermission:
        """Return the permission by which it is done to this account."""
        return StaffPermission.STAFF_MANAGE if facts.user.is_staff_member else self.permission

    def _reaches(self, scope: StaffScope, facts: AccountFacts) -> bool:
        covers_all = scope.covers_all(facts.contract_ids)
        match self.reach:
            case Reach.SOME:
                return scope.covers_any(facts.contract_ids)
            case Reach.ALL:
                return covers_all
        return scope.covers_any(facts.contract_ids) and not covers_all


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
            name="reset_registration",
            permission=StaffPermission.USERS_RESET,
            label="Reset registration",
            explains=(
                "All second factors and remembered browsers are gone, and all sessions end. A mail "
                "leads the owner to a new MFA registration; the present password works for that "
                "alone. Make sure first that it is the owner who asks."
            ),
            done="The registration is reset. Its owner has mail.",
            fits=lambda facts: facts.user.is_active and bool(facts.factors),
            carry_out=reset_registration_of,
            reach=Reach.ALL,
            changes=True,
        ),
        Act(
            name="ask_for_reset",
            permission=StaffPermission.USERS_RESET,
            label="Ask the help desk to reset the registration",
            explains=(
                "This person works in programs outside yours, too. The help desk makes sure that "
                "it is the owner, and resets the registration."
            ),
            done="The request is with the help desk. The owner is told by mail.",
            fits=lambda facts: facts.user.is_active and bool(facts.factors),
            carry_out=ask_desk_for_reset,
            reach=Reach.PART,
        ),
        Act(
            name="deactivate",
            permission=StaffPermission.USERS_DEACTIVATE,
            label="Deactivate",
            explains=(
                "The account is closed: nobody signs in with it any more, and whoever is in is out "
                "with the next click. Its roles are kept for the day on which it is opened again. "
                "The owner is told by mail."
            ),
            done="The account is closed. Its owner is told by mail.",
            fits=lambda facts: facts.user.is_active,
            carry_out=deactivate_for_owner,
            reach=Reach.ALL,
            changes=True,
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
            reach=Reach.ALL,
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
            reach=Reach.ALL,
            changes=True,
        ),
    )
}
"""In the order in which the page offers them."""


def offered_acts(staff: StaffActor, facts: AccountFacts) -> list[Act]:
    """Return what somebody of staff may do to an account as it is now."""
    return [act for act in ACTS.values() if act.fits(facts) and act.allowed_to(staff, facts)]
