"""`manage.py accounts import-legacy FILE`: bring current portal users in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper

from contracts.legacy.services.imports import ImportReport, import_users
from core.common import clock
from core.common.errors import DomainError
from core.common.tables import write_rejections

_SHOWN_REJECTIONS: Final = 10


class ImportLegacy:
    """The sub-command (core.accounts.commands)."""

    name = "import-legacy"
    help = "bring current portal users in from a CSV file, whole or not at all"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare file, dry run and report."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check, change nothing")
        parser.add_argument(
            "--rejects",
            type=Path,
            help="where to report rejected rows (default: beside the file, .rejected.csv)",
        )

    def run(self, options: dict[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> None:
        """Import, and say what came of it. Raises CommandError for a refused file."""
        path: Path = options["file"]
        try:
            report = import_users(path=path, by=None, at=clock.now(), dry_run=options["dry_run"])
        except DomainError as error:
            raise CommandError(error.sentence) from error
        if report.refused:
            _refuse(report, options["rejects"] or path.with_suffix(".rejected.csv"), err)
        out.write(summary_of(report))


def summary_of(report: ImportReport) -> str:
    """Return in words what an import made, or would make."""
    opening = f"{report.rows} rows about {report.people} people"
    if not report.changes:
        return f"{opening}: all of it is there already, nothing changed."
    made = (
        f"{report.accounts} accounts, {report.providers} providers in {report.groups} new groups, "
        f"{report.memberships} roles"
    )
    verb = "It would make" if report.dry_run else "Made"
    lines = [f"{opening}. {verb} {made}."]
    if report.widened:
        lines.append(
            f"{report.widened} Provider Group Admins get a provider that none of their rows "
            "names: somebody else administers it together with one of theirs. Keep groups apart "
            "by the column group_name or by other roles if that is not meant."
        )
    if report.left:
        lines.append(f"{report.left} rows are about closed accounts or ended providers: left.")
    return "\n".join(lines)


def _refuse(report: ImportReport, rejects: Path, err: OutputWrapper) -> None:
    in_order = sorted(report.rejections, key=lambda one: (one.row, one.column))
    for rejection in in_order[:_SHOWN_REJECTIONS]:
        place = f"Row {rejection.row}" + (f", {rejection.column}" if rejection.column else "")
        err.write(f"{place}: {rejection.reason}")
    if in_order:
        write_rejections(rejects, in_order)
        err.write(f"All reasons are in {rejects}.")
    if not report.rows:
        err.write("The file has no rows.")
    raise CommandError(
        f"Nothing was changed: {report.rejected_rows} of {report.rows} rows were rejected."
    )
