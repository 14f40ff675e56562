"""The acts of an admin on a whole person: one table, with when each fits and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from core.accounts.models import User
from core.groups.access import list_memberships
from core.groups.entering import Entered
from core.groups.permissions import Permission
from core.groups.reach import Reach, list_reached_memberships
from core.groups.selectors import contracts_worked_in
from core.groups.services.people import (
    acts_on,
    ask_desk_for_reset,
    deactivate_user,
    is_wholly_managed,
    reactivate_user,
    reset_user_registration,
    unlock_user,
)
from core.mfa.selectors import kinds_of
from tenants.context import ActiveContract


class CarryOut(Protocol):
    """The service behind an act."""

    def __call__(self, *, user_id: UUID, by: UUID, entered: Entered, at: datetime) -> None:
        """Do it, record it, and tell the owner."""


@dataclass(frozen=True)
class UserFacts:
    """What the acts depend on."""

    user: User
    is_locked: bool
    has_factors: bool
    is_whole: bool
    """Whether all that the person does lies where the admin manages it (design decision 15)."""
    is_reached: bool = True
    """Whether any role of the person's is one on whose holder the admin acts."""
    to_enter: tuple[ActiveContract, ...] = ()
    """The contracts in which the person works, too, and which the admin has not entered."""

    @property
    def may_act(self) -> bool:
        """Tell whether the admin may act on the whole person now."""
        return self.is_whole and not self.to_enter


@dataclass(frozen=True)
class UserAct:
    """One act. `changes` holds of acts that need a fresh sign-in."""

    name: str
    label: str
    explains: str
    done: str
    fits: Callable[[UserFacts], bool]
    carry_out: CarryOut
    changes: bool = True


USER_ACTS: Final = {
    act.name: act
    for act in (
        UserAct(
            name="unlock",
            label="Unlock",
            explains="The lock opens and all failures are forgotten. The owner is told by mail.",
            done="The account is open again. Its owner is told by mail.",
            fits=lambda facts: facts.may_act and facts.is_locked,
            carry_out=unlock_user,
            changes=False,
        ),
        UserAct(
            name="reset-registration",
            label="Reset Registration",
            explains=(
                "Phone, app, passkeys and recovery codes of this account are gone, remembered "
                "browsers are forgotten, and it is signed out everywhere. A mail leads the owner "
                "to register them anew; the password works for that alone."
            ),
            done="The registration is reset. Its owner has mail.",
            fits=lambda facts: facts.may_act and facts.user.is_active and facts.has_factors,
            carry_out=reset_user_registration,
        ),
        UserAct(
            name="ask-for-reset",
            label="Ask the help desk to reset the registration",
            explains=(
                "This person also works where you manage nobody. The help desk makes sure that it "
                "is the owner, and resets the registration."
            ),
            done="The request is with the help desk.",
            fits=lambda facts: (
                facts.is_reached
                and not facts.is_whole
                and facts.user.is_active
                and facts.has_factors
            ),
            carry_out=ask_desk_for_reset,
            changes=False,
        ),
        UserAct(
            name="deactivate",
            label="Deactivate",
            explains=(
                "The account is closed: nobody signs in with it any more, and it is out of the "
                "portal with the next click. Its roles are kept for the day on which it is opened "
                "again. The username stays taken."
            ),
            done="The account is closed. Its owner is told by mail.",
            fits=lambda facts: facts.may_act and facts.user.is_active,
            carry_out=deactivate_user,
        ),
        UserAct(
            name="reactivate",
            label="Reactivate",
            explains=(
                "The account can be used again, with its roles, password and second factors. Make "
                "sure that its owner still works for you."
            ),
            done="The account is active again. Its owner is told by mail.",
            fits=lambda facts: facts.may_act and not facts.user.is_active,
            carry_out=reactivate_user,
        ),
    )
}
"""In the order in which the page offers them."""


def facts_of_user(reach: Reach, user: User, *, at: datetime) -> UserFacts:
    """Return what decides which acts an admin is offered."""
    is_whole = is_wholly_managed(user, by=reach.actor.id)
    return UserFacts(
        user=user,
        is_locked=user.is_locked(at),
        has_factors=bool(kinds_of(user.id)),
        is_whole=is_whole,
        is_reached=is_whole or _may_act_somewhere(reach, user),
        to_enter=_to_enter(reach, user),
    )


def _may_act_somewhere(reach: Reach, user: User) -> bool:
    seen = list_reached_memberships(reach, Permission.ACCOUNTS_MANAGE).filter(user=user)
    own = list(list_memberships(reach.actor))
    return any(acts_on(own, one) for one in seen)


def _to_enter(reach: Reach, user: User) -> tuple[ActiveContract, ...]:
    """Return where a user works, too, and the admin has not entered (no query with all entered)."""
    worked_in = contracts_worked_in(user.id) if reach.unentered else []
    return tuple(one for one in reach.unentered if one.id in worked_in)


def offered_acts(facts: UserFacts, *, by: UUID) -> list[UserAct]:
    """Return what an admin may do to an account as it is now; nothing to one's own."""
    if facts.user.id == by:
        return []
    return [act for act in USER_ACTS.values() if act.fits(facts)]
