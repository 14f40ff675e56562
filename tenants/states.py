"""The states of a contract.

    provisioning → ready ⇄ suspended
                     ⇅        │
                   closed ←───┘
                     ⇅
                  archived

`ready`: its pages answer. `suspended`: nobody is let in for a while. `closed`: the program has
ended; who asks is told so and whom to ask. `archived`: it answers as if it did not exist, publishes
nothing, and its data stays as it is. Publishing makes a contract ready (tenants.configuration);
every other step is taken by an operator (contracts.console).
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


STEPS: Final[Mapping[ContractState, tuple[ContractState, ...]]] = {
    ContractState.PROVISIONING: (),
    ContractState.READY: (ContractState.SUSPENDED, ContractState.CLOSED),
    ContractState.SUSPENDED: (ContractState.READY, ContractState.CLOSED),
    ContractState.CLOSED: (ContractState.READY, ContractState.ARCHIVED),
    ContractState.ARCHIVED: (ContractState.CLOSED,),
}
"""Where an operator may take a contract from each state."""
RESTING: Final = (ContractState.SUSPENDED, ContractState.CLOSED)
"""States in which a page says why nobody is let in."""


def may_become(present: str, wanted: str) -> bool:
    """Tell whether an operator may take a contract from one state to another."""
    return wanted in STEPS[ContractState(present)]
