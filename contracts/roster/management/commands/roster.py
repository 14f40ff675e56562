"""`manage.py roster`: import a contract's roster, go back, write a template, issue codes."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contracts.registration.rules import group_code
from contracts.roster.files import template
from contracts.roster.models import RosterEntry
from contracts.roster.printing import import_facts, import_line
from contracts.roster.selectors import (
    list_entries,
    list_entries_by_identifier,
    list_entries_without_code,
    list_registered_entries,
)
from contracts.roster.services.codes import NewCode, issue_codes
from contracts.roster.services.history import go_back, list_imports
from contracts.roster.services.imports import ImportReport, import_roster
from contracts.roster.services.index import rebuild_index
from contracts.roster.services.staging import Difference
from core.common.clock import now
from core.common.errors import DomainError
from core.common.tables import count_lines, write_rejections, write_sheet
from tenants.context import ActiveContract, contract_context
from tenants.errors import UnknownContractError
from tenants.registry import get_contract

_SHOWN_REJECTIONS = 10
_CODE_COLUMNS = ("identifier", "name", "address_1", "city", "code", "expires_on")


class Command(BaseCommand):
    help = "Imports rosters, writes their template, issues registration codes."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(
            dest="act", required=True, parser_class=argparse.ArgumentParser
        )
        imports = acts.add_parser("import", help="Make a CSV file the contract's roster.")
        imports.add_argument("slug")
        imports.add_argument("file", type=Path)
        imports.add_argument("--dry-run", action="store_true", help="Check, change nothing.")
        imports.add_argument(
            "--rejects",
            type=Path,
            help="Where to report rejected rows (default: beside the file, .rejected.csv).",
        )
        templates = acts.add_parser("template", help="Write a header and example rows.")
        templates.add_argument("slug")
        codes = acts.add_parser("issue-codes", help="Issue registration codes; shown once.")
        codes.add_argument("slug")
        codes.add_argument(
            "identifiers", nargs="*", help="Identifiers, or ids of entries without one."
        )
        codes.add_argument(
            "--missing", action="store_true", help="All entries without a code, not yet registered."
        )
        codes.add_argument(
            "--registered", action="store_true", help="Also for named entries that are registered."
        )
        codes.add_argument("--out", type=Path, help="Write the codes to this new file instead.")
        _add_history(acts)
        index = acts.add_parser("reindex", help="Publish the contract in the shared index anew.")
        index.add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        acts = {
            "import": self._import,
            "template": self._template,
            "issue-codes": self._issue_codes,
            "reindex": self._reindex,
            "history": self._history,
            "rollback": self._rollback,
        }
        try:
            contract = get_contract(options["slug"])
        except UnknownContractError as error:
            raise CommandError(f"There is no ready contract {options['slug']!r}.") from error
        try:
            with contract_context(contract):
                acts[options["act"]](contract, options)
        except DomainError as error:
            raise CommandError(error.sentence) from error

    # --- import ----------------------------------------------------------------------------------
    def _import(self, contract: ActiveContract, options: dict[str, Any]) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        with _progress(path, quiet=options["verbosity"] == 0) as progress:
            report = import_roster(
                path=path, by=None, at=now(), dry_run=options["dry_run"], progress=progress
            )
        if report.refused:
            self._refuse(report, options["rejects"] or path.with_suffix(".rejected.csv"))
        self.stdout.write(_summary(contract, report))

    def _refuse(self, report: ImportReport, rejects: Path) -> None:
        for problem in report.column_problems:
            where = f" (first in row {problem.first_row})" if problem.first_row else ""
            self.stderr.write(f"Column {problem.column}, {problem.rows} rows{where}:")
            self.stderr.write(f"  {problem.reason}")
        for rejection in report.rejections[:_SHOWN_REJECTIONS]:
            place = f"Row {rejection.row}" + (f", {rejection.column}" if rejection.column else "")
            self.stderr.write(f"{place}: {rejection.reason}")
        if report.rejections:
            write_rejections(rejects, report.rejections)
            self.stderr.write(f"All reasons are in {rejects}.")
        if not report.rows:
            raise CommandError("The file has no rows. Nothing was changed.")
        raise CommandError(
            f"Nothing was changed: rejected were {report.rejected_rows} of "
            f"{_count(report.rows, 'row')}."
        )

    # --- template, index -------------------------------------------------------------------------
    def _template(self, contract: ActiveContract, options: dict[str, Any]) -> None:
        document = contract.document
        self.stdout.write(template(document.registration, state=document.contract.state), ending="")

    def _reindex(self, contract: ActiveContract, options: dict[str, Any]) -> None:
        self.stdout.write(f"{contract.slug}: {rebuild_index()} fingerprints published.")

    # --- history, rollback -----------------------------------------------------------------------
    def _history(self, contract: ActiveContract, options: dict[str, Any]) -> None:
        for one in list_imports().iterator():
            self.stdout.write(
                json.dumps(import_facts(one)) if options["json"] else import_line(one)
            )

    def _rollback(self, contract: ActiveContract, options: dict[str, Any]) -> None:
        done = go_back(
            import_id=options["import"],
            by=None,
            reason=options["reason"],
            at=now(),
            dry_run=options["dry_run"],
        )
        if options["json"]:
            self.stdout.write(json.dumps(import_facts(done)))
            return
        would = "Going back would make" if options["dry_run"] else "Gone back"
        counts = f"{done.added} added, {done.changed} changed, {done.removed} removed"
        self.stdout.write(f"{contract.slug}: {would}: {counts}.")

    # --- issue-codes -----------------------------------------------------------------------------
    def _issue_codes(self, contract: ActiveContract, options: dict[str, Any]) -> None:
        identifiers: list[str] = options["identifiers"]
        if bool(identifiers) == options["missing"]:
            raise CommandError("Name identifiers, or --missing for all entries without a code.")
        at = now()
        entries = (
            list(list_entries_without_code(at))
            if options["missing"]
            else [entry for name in identifiers for entry in _entries_named(name)]
        )
        if not options["registered"]:
            _refuse_registered(entries)
        by_id = {entry.id: entry for entry in entries}
        with _code_sheet(options["out"], self.stdout) as sheet:
            codes = issue_codes(entries=by_id.values(), by=None, at=at)
            write_sheet(sheet, [_CODE_COLUMNS])
            write_sheet(sheet, (_code_row(by_id[code.entry_id], code) for code in codes))
        where = f" in {options['out']}" if options["out"] else ""
        self.stderr.write(f"{_count(len(codes), 'code')} issued{where}. Codes are shown only once.")


def _add_history(acts: Any) -> None:
    history = acts.add_parser("history", help="List the imports, the newest first.")
    rollback = acts.add_parser(
        "rollback", help="Make the roster what it was before an import, undoing all since."
    )
    for parser in (history, rollback):
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true", help="An object a line, for programs.")
    rollback.add_argument("import", metavar="ID", type=UUID, help="As `history` lists it.")
    rollback.add_argument("--reason", default="", help="Why, for the history.")
    rollback.add_argument("--dry-run", action="store_true", help="Count, change nothing.")


def _refuse_registered(entries: Iterable[RosterEntry]) -> None:
    registered = [entry.identifier or str(entry.id) for entry in list_registered_entries(entries)]
    if registered:
        raise CommandError(
            f"Registered already: {', '.join(registered)}. No code was issued. "
            "With --registered they get one all the same."
        )


def _entries_named(name: str) -> list[RosterEntry]:
    found = list(list_entries_by_identifier(name)) or _entry_with_id(name)
    if not found:
        raise CommandError(f"The roster has no entry {name!r}. No code was issued.")
    return found


def _entry_with_id(name: str) -> list[RosterEntry]:
    try:
        return list(list_entries().filter(pk=UUID(name)))
    except ValueError:
        return []


def _code_row(entry: RosterEntry, code: NewCode) -> Sequence[str]:
    return [
        entry.identifier,
        entry.name,
        entry.address_1,
        entry.city,
        group_code(code.code),
        code.expires_at.date().isoformat(),
    ]


@contextmanager
def _code_sheet(out: Path | None, stream: Any) -> Iterator[Any]:
    """Open the sheet that codes are written to; a file must be new, and only its owner reads it."""
    if out is None:
        yield stream
        return
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(
            f"{out} cannot be made: {error.strerror}. No code was issued."
        ) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        out.unlink()
        raise


@contextmanager
def _progress(path: Path, *, quiet: bool) -> Iterator[Any]:
    """Show a bar on a terminal; nothing where the output goes to a file or another program."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("Checking rows", total=count_lines(path))
        yield lambda count: bar.update(task, completed=count)


def _summary(contract: ActiveContract, report: ImportReport) -> str:
    change = report.difference or Difference(0, 0, 0)
    counts = f"{change.added} added, {change.changed} changed, {change.removed} removed"
    rows = _count(report.rows, "row")
    if report.dry_run:
        return f"{contract.slug}: {rows} checked, no faults. An import would make: {counts}."
    stored = report.codes_taken_over
    codes = f", {_count(stored, 'code')} stored" if stored else ""
    return f"{contract.slug}: {rows} imported; {counts}{codes}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
