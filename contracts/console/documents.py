"""What the commands about documents share: check, plan, apply and export of whatever they hold."""

import json
import sys
from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from contracts.console.outcomes import Exit, RefusedError, change_facts
from contracts.console.printing import (
    closed_gates,
    mistakes,
    plan_lines,
    refusals_as_command_errors,
    waiver_lines,
)
from core.common.clock import now
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.gates import GateFailure
from tenants.configuration.loading import DocumentErrors, read_text
from tenants.configuration.publishing import Plan
from tenants.configuration.revisions import day_in, is_published
from tenants.models import ContractRevision, DeploymentRevision

DOCUMENT_ACTIONS: Final = {
    "check": "read documents and name file, line and field of every mistake",
    "plan": "show what publishing would change, field by field",
    "apply": "publish, and provision contracts that are new",
}
Document = TypeVar("Document", bound=ContractDocument | DeploymentDocument)


@dataclass(frozen=True)
class Source(Generic[Document]):
    """A document and the text that it was read from."""

    file: str
    text: str
    document: Document


@dataclass(frozen=True)
class Applied:
    """What publishing a document did."""

    revision: ContractRevision | DeploymentRevision
    changed: bool
    more: Sequence[str] = field(default_factory=tuple)
    """Lines about what followed from it."""


@dataclass(frozen=True)
class Planned:
    """What publishing a document would do, and whom it touches, for both readers."""

    plan: Plan
    more: Sequence[str] = ()
    touches: Mapping[str, Any] | None = None


class DocumentCommand(BaseCommand, Generic[Document]):
    """A command that checks, plans and applies documents of one kind."""

    about = ""
    """The word before the name of what a document is about."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Act, and say what became of it: in lines as it goes, with --json in one object."""
        self.results: list[dict[str, Any]] = []
        self.action = options["action"]
        self.in_lines = not options.get("json")
        try:
            differs = self.act(self.action, options)
        except CommandError as error:
            self._finish(error)
            raise
        self._finish(None)
        if differs and options.get("exit_code"):
            sys.exit(Exit.CHANGES)

    @abstractmethod
    def act(self, action: str, options: dict[str, Any]) -> bool:
        """Do an action; tells whether it found a difference. Raises CommandError."""

    @abstractmethod
    def parse(self, text: str, *, file: str) -> Document:
        """Return the document in a text. Raises DocumentErrors."""

    @abstractmethod
    def name_and_zone(self, document: Document) -> tuple[str, str]:
        """Return what a document is about, and the time zone of its days."""

    @abstractmethod
    def failures(self, document: Document, on: date) -> Iterable[GateFailure]:
        """Return the gates that are closed whatever is published besides."""

    @abstractmethod
    def plan(self, document: Document) -> Planned:
        """Return what publishing would do, with more lines about it."""

    @abstractmethod
    def present(self, document: Document) -> ContractRevision | DeploymentRevision | None:
        """Return the published revision of what the document is about."""

    @abstractmethod
    def publish(self, document: Document, *, base: int | None, note: str) -> Applied:
        """Publish a document that was made from the revision `base`."""

    def add_document_actions(
        self, actions: Any, *, nargs: str, metavar: str
    ) -> dict[str, ArgumentParser]:
        """Add check, plan and apply, which take documents as `documents`; returns their parsers."""
        parsers: dict[str, ArgumentParser] = {}
        for name, help_text in DOCUMENT_ACTIONS.items():
            parsers[name] = add_action(actions, name, help_text)
            parsers[name].add_argument("documents", nargs=nargs, metavar=metavar)
        add_exit_code(parsers["plan"])
        parsers["apply"].add_argument(
            "--base",
            type=int,
            help="revision that the document was made from; else the present one",
        )
        parsers["apply"].add_argument("--note", default="", help="why, for the history")
        return parsers

    def handle_documents(self, paths: Sequence[Path], options: dict[str, Any]) -> bool:
        """Do an action with documents; every one is read and checked before the first is published.

        Tells whether a plan or a publication had something to change. Raises CommandError with
        file, line and field of what is wrong.
        """
        action = options["action"]
        if options.get("base") is not None and len(paths) > 1:
            raise RefusedError(
                "--base goes with one document only.", code="usage", exit_code=Exit.USAGE
            )
        sources = [self.read(path) for path in paths]
        for source in sources:
            if action != "apply" or not is_published(source.document):
                self._check(source)
        # Each is handled, whatever the one before had to change.
        differs = [self._handle(source, options) for source in sources]
        return any(differs)

    def read(self, path: Path) -> Source[Document]:
        """Read a document's file. Raises CommandError."""
        file = short_name(path)
        try:
            text = read_text(path)
            return Source(file, text, self.parse(text, file=file))
        except DocumentErrors as error:
            raise mistakes(error) from error

    def report(self, lines: Sequence[str], **facts: Any) -> None:
        """Tell what became of something: lines at once, facts at the end."""
        if facts:
            self.results.append(facts)
        if self.in_lines:
            for line in lines:
                self.stdout.write(line)

    def _finish(self, error: CommandError | None) -> None:
        if self.in_lines:
            return
        told = {
            "ok": error is None,
            "results": self.results,
            "error": _facts_of(error) if error else None,
        }
        self.stdout.write(json.dumps(told, indent=2))

    def _handle(self, source: Source[Document], options: dict[str, Any]) -> bool:
        if options["action"] == "plan":
            return self.report_plan(source)
        if options["action"] == "apply":
            return self.report_publication(source, base=options["base"], note=options["note"])
        name, _ = self.name_and_zone(source.document)
        standing = self._standing(source.document)
        lines = [f"{source.file}: {standing}, ready to be planned and applied"]
        self.report(lines, file=source.file, name=name, action="check")
        return False

    def _check(self, source: Source[Document]) -> None:
        _, zone = self.name_and_zone(source.document)
        on = day_in(zone, now())
        _refuse(self.failures(source.document, on), source)
        self.report(waiver_lines(source.document.waivers, on))

    def _standing(self, document: Document) -> str:
        """Return what a document would change: a copied file may still name another contract."""
        name, _ = self.name_and_zone(document)
        try:
            revision = self.present(document)
        except OperationalError:  # a pipeline that only checks has no database
            return f"{self.about} {name}".strip()
        published = f"published as revision {revision.number}" if revision else "not published yet"
        return f"{self.about} {name} ({published})".strip()

    def report_plan(self, source: Source[Document]) -> bool:
        """Tell what publishing a document would do, and whether that is anything."""
        name, _ = self.name_and_zone(source.document)
        planned = self.plan(source.document)
        plan = planned.plan
        self.report(
            [*plan_lines(plan, name), *planned.more],
            file=source.file,
            name=name,
            action="plan",
            base=plan.base,
            is_new=plan.is_new,
            changes=change_facts(plan.changes),
            stricter=list(plan.stricter),
            touches=planned.touches,
        )
        _refuse(plan.failures, source)
        return bool(plan.changes)

    def report_publication(self, source: Source[Document], *, base: int | None, note: str) -> bool:
        """Publish a document, by default on the present revision, and tell what that did."""
        if base is None:
            present = self.present(source.document)
            base = present.number if present else None
        with refusals_as_command_errors(source.file, source.text):
            applied = self.publish(source.document, base=base, note=note)
        name, _ = self.name_and_zone(source.document)
        number = applied.revision.number
        said = "published" if applied.changed else "is published already, nothing changed"
        self.report(
            [f"{name}: revision {number} {said}", *applied.more],
            file=source.file,
            name=name,
            action=self.action,
            revision=number,
            changed=applied.changed,
        )
        return applied.changed


def _facts_of(error: CommandError) -> Mapping[str, Any]:
    return error.facts if isinstance(error, RefusedError) else {"message": str(error)}


def add_action(actions: Any, name: str, help_text: str) -> ArgumentParser:
    """Add an action that answers people in lines and programs, with --json, in one object."""
    parser: ArgumentParser = actions.add_parser(name, help=help_text)
    parser.add_argument("--json", action="store_true", help="answer in one JSON object")
    return parser


def add_exit_code(parser: ArgumentParser) -> None:
    """Let an action end with another code where it finds a difference."""
    parser.add_argument(
        "--exit-code", action="store_true", help=f"end with {Exit.CHANGES} where there is one"
    )


def short_name(path: Path) -> str:
    """Return a path as people write it: from the repository's root, where it lies in there."""
    root = Path(settings.BASE_DIR)
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _refuse(failures: Iterable[GateFailure], source: Source[Document]) -> None:
    found = list(failures)
    if found:
        raise closed_gates(found, source.file, source.text)
