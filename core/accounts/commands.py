"""Sub-commands of `manage.py accounts`: apps that know more than accounts add theirs."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any, Protocol

from django.core.management.base import OutputWrapper


class Subcommand(Protocol):
    """What an app adds."""

    name: str
    help: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""

    def run(self, options: dict[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> None:
        """Do it. Raises CommandError with what the person should know."""


_subcommands: dict[str, Subcommand] = {}


def register_subcommand(subcommand: Subcommand) -> None:
    """Make a sub-command known; called in `ready()` of the app that owns it."""
    _subcommands[subcommand.name] = subcommand


def list_subcommands() -> Sequence[Subcommand]:
    """Return what was registered, by name."""
    return [_subcommands[name] for name in sorted(_subcommands)]
