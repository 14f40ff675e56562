"""Errors of the domain: a code for programs and a sentence for the person."""

from typing import ClassVar


class DomainError(Exception):
    """Raised where a service refuses and nothing may remain of the attempt.

    A refusal that must leave a trace (a count, a lock, an audit event) is a returned result
    instead, because an exception would roll the trace back.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "This cannot be done."

    def __init__(self, message: str = "") -> None:
        self.sentence = message or self.message
        super().__init__(self.sentence)
