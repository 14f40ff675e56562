"""The states of a pending registration and the ways between them.

    submitted ⇄ link_used ────────────→ completed
        │          ├──→ awaiting ───────────┘
        │          │       └──→ declined | released
        └──────────┴─→ released | superseded

`submitted`: identifier and username are reserved, a link is on its way. `link_used`: its link was
followed and MFA registration has begun; a corrected address takes it back to `submitted`.
`completed`: the account was made. `released`: the reservation ended. `superseded`: the owner of the
address added the provider to an account that existed already.

`awaiting`: the contract wants staff to approve registrations (`registration.approval`). The address
is proven and the account made; the provider is not registered before somebody approves. The unit
stays reserved, the username belongs to the account by now. Who adds a provider to an account begins
here. `declined`: staff said no. Who waits can withdraw: then it is `released`, as when its time is
over.
"""

from typing import ClassVar, Final

from django.db import models

from core.common.errors import DomainError


class RegistrationState(models.TextChoices):
    """How far a pending registration has come."""

    SUBMITTED = "submitted", "Submitted"
    LINK_USED = "link_used", "Link followed"
    AWAITING = "awaiting", "Waiting for approval"
    COMPLETED = "completed", "Completed"
    DECLINED = "declined", "Declined"
    RELEASED = "released", "Released"
    SUPERSEDED = "superseded", "Superseded"


OPEN: Final = (RegistrationState.SUBMITTED, RegistrationState.LINK_USED)
"""States in which the person is not proven yet: identifier and username are reserved."""
LIVE: Final = (*OPEN, RegistrationState.AWAITING)
"""States in which the identifier is reserved."""

TRANSITIONS: Final[dict[RegistrationState, frozenset[RegistrationState]]] = {
    RegistrationState.SUBMITTED: frozenset(
        {
            RegistrationState.LINK_USED,
            RegistrationState.RELEASED,
            RegistrationState.SUPERSEDED,
        }
    ),
    RegistrationState.LINK_USED: frozenset(
        {
            RegistrationState.SUBMITTED,
            RegistrationState.LINK_USED,
            RegistrationState.AWAITING,
            RegistrationState.COMPLETED,
            RegistrationState.RELEASED,
            RegistrationState.SUPERSEDED,
        }
    ),
    RegistrationState.AWAITING: frozenset(
        {
            RegistrationState.COMPLETED,
            RegistrationState.DECLINED,
            RegistrationState.RELEASED,
        }
    ),
    RegistrationState.COMPLETED: frozenset(),
    RegistrationState.DECLINED: frozenset(),
    RegistrationState.RELEASED: frozenset(),
    RegistrationState.SUPERSEDED: frozenset(),
}


class ApprovalOutcome(models.TextChoices):
    """What became of a registration that waited for approval; blank while it waits."""

    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ENDED = "ended", "Ended without a decision"


class TransitionError(DomainError):
    """The registration cannot go from its state to the wanted one."""

    code: ClassVar[str] = "registration_state"
    message: ClassVar[str] = "This registration is no longer open."


def check_transition(present: str, wanted: RegistrationState) -> None:
    """Raise TransitionError unless the table has a way from the present state to the wanted one."""
    if wanted not in TRANSITIONS[RegistrationState(present)]:
        raise TransitionError
