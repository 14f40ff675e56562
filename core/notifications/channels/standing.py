"""What a provider says of a sender, whichever provider it is."""

from dataclasses import dataclass, field
from typing import Any

from core.notifications.states import SenderStanding


class NotSaidError(Exception):
    """The provider could not be asked. `reason` is a short code without names or secrets."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Standing:
    """How a sender stands. `facts` are plain values to keep and show."""

    standing: SenderStanding
    facts: dict[str, Any] = field(default_factory=dict)
