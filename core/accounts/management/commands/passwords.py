"""`manage.py passwords check|build`: the list of breached passwords that nobody may choose."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.accounts.passwords.hash_lists import (
    HashListError,
    ListFacts,
    check_list,
    hashes_of_ranges,
    hashes_seen_often,
    write_list,
)


class Command(BaseCommand):
    """Checks and makes files of hashes; see docs/howto/block-breached-passwords.md."""

    help = "Check or make the list of breached passwords."
    requires_system_checks = ()  # a list that is not right yet is what it is for

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser("check", help="read a whole list and say what it holds")
        check.add_argument("file", type=Path, nargs="?", help="default: the deployment's")
        build = actions.add_parser("build", help="make a list of ranges, or a smaller list")
        build.add_argument("source", type=Path, help="a folder of ranges, or a list")
        build.add_argument("target", type=Path, help="the list to write")
        build.add_argument(
            "--at-least",
            type=int,
            default=1,
            metavar="N",
            help="leave out passwords that were seen less often",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            path, facts = _build(options) if options["action"] == "build" else _check(options)
        except (HashListError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{path}: {facts.passwords:,} passwords, {facts.size / 1e6:,.1f} MB, sorted,"
            f" read in {time.monotonic() - began:.0f} s."
        )


def _check(options: dict[str, Any]) -> tuple[Path, ListFacts]:
    named = options["file"] or settings.PORTAL_BREACHED_PASSWORDS
    path = Path(named or settings.PORTAL_COMMON_PASSWORDS)
    return path, check_list(path)


def _build(options: dict[str, Any]) -> tuple[Path, ListFacts]:
    source, at_least = options["source"], options["at_least"]
    hashes = hashes_of_ranges if source.is_dir() else hashes_seen_often
    return options["target"], write_list(options["target"], hashes(source, at_least=at_least))
