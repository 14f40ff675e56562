"""Errors of the domain: a code for programs and a sentence for the person."""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """Raised where a service refuses and nothing may remain of the attempt.

    A refusal that must leave a trace (a count, a lock, an audit event) is a returned result
    instead, because an exception would roll the trace back.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "This cannot be done."

    def __init__(self, message: str = "", *, facts: Mapping[str, Any] | None = None) -> None:
        """Refuse with a sentence; `facts` are what a program reads beside it, as JSON values."""
        self.sentence, self.facts = message or self.message, dict(facts or {})
        super().__init__(self.sentence)
