"""The states of a pending registration and the ways between them.

    submitted ⇄ link_used → completed
        └──────────┴─→ released | superseded

`submitted`: identifier and username are reserved, a link is on its way. `link_used`: its link was
followed and MFA registration has begun; a corrected address takes it back to `submitted`.
`completed`: the account was made. `released`: the reservation ended. `superseded`: the owner of the
address added the provider to an account that existed already.

A contract whose approval is by an operator puts a state `awaiting_approval` between `link_used` and
`completed`; it joins this table, the live states and the database constraint with that issue.
"""

from typing import ClassVar, Final

from django.db import models

from core.common.errors import DomainError


class RegistrationState(models.TextChoices):
    """How far a pending registration has come."""

    SUBMITTED = "submitted", "Submitted"
    LINK_USED = "link_used", "Link followed"
    COMPLETED = "completed", "Completed"
    RELEASED = "released", "Released"
    SUPERSEDED = "superseded", "Superseded"


LIVE: Final = (RegistrationState.SUBMITTED, RegistrationState.LINK_USED)
"""States in which identifier and username are reserved."""

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
            RegistrationState.COMPLETED,
            RegistrationState.RELEASED,
            RegistrationState.SUPERSEDED,
        }
    ),
    RegistrationState.COMPLETED: frozenset(),
    RegistrationState.RELEASED: frozenset(),
    RegistrationState.SUPERSEDED: frozenset(),
}


class TransitionError(DomainError):
    """The registration cannot go from its state to the wanted one."""

    code: ClassVar[str] = "registration_state"
    message: ClassVar[str] = "This registration is no longer open."


def check_transition(present: str, wanted: RegistrationState) -> None:
    """Raise TransitionError unless the table has a way from the present state to the wanted one."""
    if wanted not in TRANSITIONS[RegistrationState(present)]:
        raise TransitionError
