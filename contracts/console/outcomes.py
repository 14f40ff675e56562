"""How the commands about documents answer: lines for people, facts and exit codes for pipelines."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from django.core.management.base import CommandError

from tenants.configuration.diff import Change


class Exit(IntEnum):
    """How a command ends; 0 is done, or nothing to do (docs/howto/configure-as-code.md)."""

    REFUSED = 1
    """A mistake in a document, a closed gate, something that is not there."""
    USAGE = 2
    """The command was not called rightly; the parser of arguments ends so."""
    CHANGES = 3
    """With --exit-code: there is a difference."""
    MEANWHILE = 4
    """Somebody published since the revision that the document is based on."""
    UNFINISHED = 5
    """Provisioning was interrupted: the same command goes on with it."""


class RefusedError(CommandError):
    """Why nothing was done, for both readers."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        exit_code: Exit = Exit.REFUSED,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, returncode=int(exit_code))
        self.facts = {"code": code, "message": message, **(facts or {})}


def change_facts(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return changed fields as a program reads them; None is a field that is not there."""
    return [{"field": one.field, "before": one.before, "after": one.after} for one in changes]
