"""What an operator can do with a contract as a whole, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenants.states import STEPS, ContractState


@dataclass(frozen=True)
class Step:
    """One way out of a contract's present state."""

    to: ContractState
    label: str
    explains: str


_SUSPEND: Final = Step(
    ContractState.SUSPENDED,
    "Suspend",
    "Nobody can sign in, register or work in this contract until you resume it. Its page says so, "
    "with your words and the support contacts. Data, sessions and half-finished registrations "
    "stay, and the roster is not open meanwhile; mail that waits for the contract goes out in the "
    "deployment's name.",
)
_CLOSE: Final = Step(
    ContractState.CLOSED,
    "Close",
    "The program has ended. Nobody is let in any more, and its page says so with your words and "
    "the support contacts. Data stays; the roster is not open meanwhile. People keep their "
    "accounts for other programs.",
)
_ARCHIVE: Final = Step(
    ContractState.ARCHIVED,
    "Archive",
    "The contract answers as if it did not exist: no page, no host. Nothing can be published or "
    "loaded. Its data stays as it is.",
)
_RESUME: Final = Step(
    ContractState.READY,
    "Resume",
    "Its pages answer again for everybody, under the configuration that is published.",
)
_UNARCHIVE: Final = Step(
    ContractState.CLOSED,
    "Take out of the archive",
    "The contract is closed again: its page says that it has ended, and it can be resumed.",
)
_STEPS: Final = {
    ContractState.READY: _RESUME,
    ContractState.SUSPENDED: _SUSPEND,
    ContractState.CLOSED: _CLOSE,
    ContractState.ARCHIVED: _ARCHIVE,
}


def steps_from(present: str) -> Sequence[Step]:
    """Return what can be done with a contract that is in a state."""
    state = ContractState(present)
    if state == ContractState.ARCHIVED:
        return (_UNARCHIVE,)
    return tuple(_STEPS[to] for to in STEPS[state])


def find_step(present: str, wanted: str) -> Step | None:
    """Return the step from one state to another, None where there is none."""
    return next((step for step in steps_from(present) if step.to == wanted), None)
