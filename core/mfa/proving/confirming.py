"""How a session holds a confirmation under way. Nothing secret is in it."""

from dataclasses import asdict, dataclass
from typing import Self

from django.http import HttpRequest

_KEY = "portal_confirm"


@dataclass
class Confirmation:
    """A confirmation whose password was right: what its codes are bound to, and where it leads.

    `contract` is the key of the contract in which it began, "" on the portal host.
    """

    binding: str
    contract: str
    target: str
    option: str = ""
    challenge: str = ""
    verified: bool = False

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """Return the confirmation of this session, or None."""
        try:
            return cls(**request.session[_KEY])
        except (KeyError, TypeError):
            return None

    def keep(self, request: HttpRequest) -> None:
        """Write it into the session."""
        request.session[_KEY] = asdict(self)


def leave_confirmation(request: HttpRequest) -> None:
    """Forget the confirmation of this session."""
    request.session.pop(_KEY, None)
