"""The states of a contract.

    provisioning → ready ⇄ suspended
                     ⇅        │
                   closed ←───┘
                     ⇅
                  archived → deleted

`ready`: its pages answer. `suspended`: nobody is let in for a while. `closed`: the program has
ended; who asks is told so and whom to ask. `archived`: it answers as if it did not exist, publishes
nothing, and its data stays as it is. `deleted`: its data is gone for good; the row, its revisions
and the audit trail stay, so that its slug is never taken again. Publishing makes a contract ready
(tenants.configuration); every other step is taken by an operator (contracts.console), the last one
by two and after a while.
"""

from collections.abc import Mapping
from typing import Final

from django.db import models


class ContractState(models.TextChoices):
    """How far a contract has come; it is routable in READY alone."""

    PROVISIONING = "provisioning", "Being provisioned"
    READY = "ready", "Ready"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"
    ARCHIVED = "archived", "Archived"
    DELETED = "deleted", "Deleted"


STEPS: Final[Mapping[ContractState, tuple[ContractState, ...]]] = {
    ContractState.PROVISIONING: (),
    ContractState.READY: (ContractState.SUSPENDED, ContractState.CLOSED),
    ContractState.SUSPENDED: (ContractState.READY, ContractState.CLOSED),
    ContractState.CLOSED: (ContractState.READY, ContractState.ARCHIVED),
    ContractState.ARCHIVED: (ContractState.CLOSED,),
    ContractState.DELETED: (),
}
"""Where one operator may take a contract from each state."""
RESTING: Final = (ContractState.SUSPENDED, ContractState.CLOSED)
"""States in which a page says why nobody is let in."""
CONFIGURED: Final = frozenset({ContractState.READY, *RESTING})
"""States in which the registry has the document."""


def may_become(present: str, wanted: str) -> bool:
    """Tell whether an operator may take a contract from one state to another."""
    return wanted in STEPS[ContractState(present)]
