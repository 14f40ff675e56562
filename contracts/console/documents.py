"""What the commands about documents share: check, plan, apply and export of whatever they hold."""

from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from contracts.console.printing import (
    failure_lines,
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


class DocumentCommand(BaseCommand, Generic[Document]):
    """A command that checks, plans and applies documents of one kind."""

    about = ""
    """The word before the name of what a document is about."""

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
    def plan(self, document: Document) -> tuple[Plan, Sequence[str]]:
        """Return what publishing would do, and more lines about it."""

    @abstractmethod
    def present(self, document: Document) -> ContractRevision | DeploymentRevision | None:
        """Return the published revision of what the document is about."""

    @abstractmethod
    def publish(self, document: Document, *, base: int | None, note: str) -> Applied:
        """Publish a document that was made from the revision `base`."""

    def add_document_actions(self, actions: Any, *, nargs: str, metavar: str) -> None:
        """Add check, plan and apply, which take documents as `documents`."""
        parsers: dict[str, ArgumentParser] = {}
        for name, help_text in DOCUMENT_ACTIONS.items():
            parsers[name] = actions.add_parser(name, help=help_text)
            parsers[name].add_argument("documents", nargs=nargs, metavar=metavar)
        parsers["apply"].add_argument(
            "--base",
            type=int,
            help="revision that the document was made from; else the present one",
        )
        parsers["apply"].add_argument("--note", default="", help="why, for the history")

    def handle_documents(self, paths: Sequence[Path], options: dict[str, Any]) -> None:
        """Do an action with documents; every one is read and checked before the first is published.

        Raises CommandError with file, line and field of what is wrong.
        """
        action = options["action"]
        if options.get("base") is not None and len(paths) > 1:
            raise CommandError("--base goes with one document only.")
        sources = [self.read(path) for path in paths]
        for source in sources:
            if action != "apply" or not is_published(source.document):
                self._check(source)
        for source in sources:
            if action == "plan":
                self._plan(source)
            elif action == "apply":
                self._apply(source, base=options["base"], note=options["note"])
            else:
                standing = self._standing(source.document)
                self._say([f"{source.file}: {standing}, ready to be planned and applied"])

    def read(self, path: Path) -> Source[Document]:
        """Read a document's file. Raises CommandError."""
        file = short_name(path)
        try:
            text = read_text(path)
            return Source(file, text, self.parse(text, file=file))
        except DocumentErrors as error:
            raise CommandError(str(error)) from error

    def _check(self, source: Source[Document]) -> None:
        _, zone = self.name_and_zone(source.document)
        on = day_in(zone, now())
        _refuse(self.failures(source.document, on), source)
        self._say(waiver_lines(source.document.waivers, on))

    def _standing(self, document: Document) -> str:
        """Return what a document would change: a copied file may still name another contract."""
        name, _ = self.name_and_zone(document)
        revision = self.present(document)
        published = f"published as revision {revision.number}" if revision else "not published yet"
        return f"{self.about} {name} ({published})".strip()

    def _plan(self, source: Source[Document]) -> None:
        name, _ = self.name_and_zone(source.document)
        plan, more = self.plan(source.document)
        self._say([*plan_lines(plan, name), *more])
        _refuse(plan.failures, source)

    def _apply(self, source: Source[Document], *, base: int | None, note: str) -> None:
        if base is None:
            present = self.present(source.document)
            base = present.number if present else None
        with refusals_as_command_errors(source.file, source.text):
            applied = self.publish(source.document, base=base, note=note)
        name, _ = self.name_and_zone(source.document)
        said = "published" if applied.changed else "is published already, nothing changed"
        self._say([f"{name}: revision {applied.revision.number} {said}", *applied.more])

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def short_name(path: Path) -> str:
    """Return a path as people write it: from the repository's root, where it lies in there."""
    root = Path(settings.BASE_DIR)
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _refuse(failures: Iterable[GateFailure], source: Source[Document]) -> None:
    lines = failure_lines(failures, source.file, source.text)
    if lines:
        raise CommandError("\n".join(lines))
