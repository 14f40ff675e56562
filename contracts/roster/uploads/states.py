"""The states of a roster upload and the ways between them.

    receiving → checking → ready → swapping → applied
        │          ├─→ refused ←────┤
        └──────────┴─→ cancelled ←─ ready

`receiving`: parts of the file are still coming. `checking`: a worker reads it, or will. `ready`:
the difference stands there and waits for somebody to confirm it. `swapping`: a worker puts it in
place. Where the roster or the rule has changed since then, it goes back to `checking`, and the
difference is made again. A worker that is lost leaves the state as it is; the next one begins the
state's work from its beginning.
"""

from typing import ClassVar, Final

from django.db import models

from core.common.errors import DomainError


class UploadState(models.TextChoices):
    """How far a roster upload has come."""

    RECEIVING = "receiving", "Being sent"
    CHECKING = "checking", "Being checked"
    READY = "ready", "Waiting to be confirmed"
    SWAPPING = "swapping", "Being swapped in"
    APPLIED = "applied", "Swapped in"
    REFUSED = "refused", "Refused"
    CANCELLED = "cancelled", "Cancelled"


OPEN: Final = (
    UploadState.RECEIVING,
    UploadState.CHECKING,
    UploadState.READY,
    UploadState.SWAPPING,
)
"""States in which an upload can still change the roster; a contract has one at a time."""
AT_WORK: Final = (UploadState.CHECKING, UploadState.SWAPPING)
"""States in which a worker has something to do."""
TRANSITIONS: Final[dict[UploadState, frozenset[UploadState]]] = {
    UploadState.RECEIVING: frozenset({UploadState.CHECKING, UploadState.CANCELLED}),
    UploadState.CHECKING: frozenset(
        {UploadState.READY, UploadState.REFUSED, UploadState.CANCELLED}
    ),
    UploadState.READY: frozenset({UploadState.SWAPPING, UploadState.CANCELLED}),
    UploadState.SWAPPING: frozenset(
        {UploadState.APPLIED, UploadState.CHECKING, UploadState.REFUSED}
    ),
    UploadState.APPLIED: frozenset(),
    UploadState.REFUSED: frozenset(),
    UploadState.CANCELLED: frozenset(),
}


_AS_IT_IS: Final = {
    UploadState.RECEIVING: "This file is still being sent.",
    UploadState.CHECKING: "This file is being checked. Wait until that is done.",
    UploadState.READY: "This file waits to be confirmed.",
    UploadState.SWAPPING: "This file is being swapped in already.",
    UploadState.APPLIED: "This file was swapped in already.",
    UploadState.REFUSED: "This file was refused. Begin another one.",
    UploadState.CANCELLED: "This file was cancelled. Begin another one.",
}


class UploadStateError(DomainError):
    """The upload is not in a state from which that can be done; `facts` names its `state`."""

    code: ClassVar[str] = "roster_upload_state"

    def __init__(self, state: UploadState) -> None:
        super().__init__(_AS_IT_IS[state], facts={"state": state.value})


def sources_of(target: UploadState) -> list[UploadState]:
    """Return the states from which one leads to another."""
    return [state for state, targets in TRANSITIONS.items() if target in targets]
