"""Check, plan, apply and export the configuration documents of contracts."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from pydantic import ValidationError

from contracts.console.printing import (
    failure_lines,
    history_lines,
    plan_lines,
    refusals_as_command_errors,
    waiver_lines,
)
from contracts.console.services.publishing import publish
from core.accounts.models import ContractAccess
from core.common.clock import now
from tenants.configuration.document import ContractDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.gates import GateContext, contract_failures
from tenants.configuration.loading import DocumentErrors, parse_contract, read_text
from tenants.configuration.publishing import plan_contract
from tenants.configuration.revisions import (
    day_in,
    find_contract_revision,
    is_published,
    read_contract_revision,
)
from tenants.configuration.starter import LATEST_TIME_ZONE, starter_text
from tenants.models import Contract

_DOCUMENTS = ("check", "plan", "apply")


class Command(BaseCommand):
    help = "Check, plan, apply, export and list the configuration documents of contracts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, help_text in (
            ("check", "read documents and name file, line and field of every mistake"),
            ("plan", "show what publishing would change, field by field"),
            ("apply", "publish, and provision contracts that are new"),
        ):
            action = actions.add_parser(name, help=help_text)
            action.add_argument("documents", nargs="+", metavar="FILE|SLUG")
        action.add_argument(
            "--base",
            type=int,
            help="revision that the document was made from; else the present one",
        )
        action.add_argument("--note", default="", help="why, for the history")
        export = actions.add_parser("export", help="write the published document as TOML")
        export.add_argument("contract", metavar="SLUG|FILE")
        export.add_argument("--revision", type=int, help="an earlier revision")
        history = actions.add_parser("history", help="list the published revisions, newest first")
        history.add_argument("contract", metavar="SLUG|FILE")
        actions.add_parser("schema", help="print the JSON Schema of the document")
        new = actions.add_parser("new", help="write a commented document for a new contract")
        new.add_argument("slug")
        new.add_argument("--output", type=Path, help="file to make; else it is printed")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        if action in _DOCUMENTS:
            self._handle_documents(action, options)
        elif action == "new":
            self._new(options["slug"], options["output"])
        elif action == "schema":
            self.stdout.write(json.dumps(ContractDocument.model_json_schema(), indent=2))
        else:
            slug = _slug_of(options["contract"])
            if action == "export":
                self._export(slug, options["revision"])
            else:
                self._history(slug)

    def _handle_documents(self, action: str, options: dict[str, Any]) -> None:
        if options.get("base") is not None and len(options["documents"]) > 1:
            raise CommandError("--base goes with one document only.")
        # Every document is read before the first is published: a mistake publishes nothing.
        sources = [_read(name) for name in options["documents"]]
        for file, text, document in sources:
            if action != "apply" or not is_published(document):
                self._check(file, text, document)
        for file, text, document in sources:
            if action == "plan":
                self._plan(file, text, document)
            elif action == "apply":
                self._apply(file, text, document, options)
            else:
                self.stdout.write(f"{file}: {_standing(document)}, ready to be planned and applied")

    def _check(self, file: str, text: str, document: ContractDocument) -> None:
        on = day_in(document.contract.time_zone, now())
        failures = contract_failures(document, GateContext(on=on))
        if failures:
            raise CommandError("\n".join(failure_lines(failures, file, text)))
        for line in waiver_lines(document.waivers, on):
            self.stdout.write(line)

    def _plan(self, file: str, text: str, document: ContractDocument) -> None:
        slug = document.contract.slug
        plan = plan_contract(document=document, at=now())
        for line in plan_lines(plan, slug):
            self.stdout.write(line)
        if plan.is_new:
            self.stdout.write("  new contract: applying makes its schema")
        else:
            people = ContractAccess.objects.filter(contract__slug=slug, until=None).count()
            self.stdout.write(f"  accounts with access to the contract: {people}")
        if plan.failures:
            raise CommandError("\n".join(failure_lines(plan.failures, file, text)))

    def _apply(
        self, file: str, text: str, document: ContractDocument, options: dict[str, Any]
    ) -> None:
        slug = document.contract.slug
        base = options["base"]
        if base is None:
            revision = find_contract_revision(slug)
            base = revision.number if revision else None
        with refusals_as_command_errors(file, text):
            publication = publish(
                document=document, base=base, by=None, at=now(), note=options["note"]
            )
        published = publication.published
        said = "published" if published.changed else "is published already, nothing changed"
        self.stdout.write(f"{slug}: revision {published.revision.number} {said}")
        if publication.fingerprints is not None:
            self.stdout.write(f"  shared index made anew: {publication.fingerprints} fingerprints")

    def _export(self, slug: str, number: int | None) -> None:
        revision = find_contract_revision(slug, number)
        if revision is None:
            raise CommandError(f"There is no such revision of the contract {slug}.")
        self.stdout.write(to_toml(read_contract_revision(revision)), ending="")

    def _history(self, slug: str) -> None:
        contract = Contract.objects.filter(slug=slug).first()
        if contract is None:
            raise CommandError(f"There is no contract {slug}.")
        for line in history_lines(contract.revisions.order_by("-number")):
            self.stdout.write(line)

    def _new(self, slug: str, output: Path | None) -> None:
        file = _short(output or _program_file(slug))
        try:
            text = starter_text(slug, file=file, on=day_in(LATEST_TIME_ZONE, now()))
        except ValidationError as error:
            raise CommandError(f"{slug}: {error.errors()[0]['msg']}") from error
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            with output.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Wrote {file}. Next: python manage.py contract check {file}")


def _program_file(slug: str) -> Path:
    return Path(settings.BASE_DIR) / "contracts" / "programs" / f"{slug}.toml"


def _standing(document: ContractDocument) -> str:
    """Return which contract a document would change: a copied file may still name another's."""
    slug = document.contract.slug
    revision = find_contract_revision(slug)
    published = f"published as revision {revision.number}" if revision else "not published yet"
    return f"contract {slug} ({published})"


def _short(path: Path) -> str:
    root = Path(settings.BASE_DIR)
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _read(name: str) -> tuple[str, str, ContractDocument]:
    """Read a document by its file, or by the slug of a file in contracts/programs."""
    path = Path(name)
    if not path.exists() and not path.suffix and len(path.parts) == 1:
        path = _program_file(name)
    file = _short(path)
    try:
        text = read_text(path)
        return file, text, parse_contract(text, file=file)
    except DocumentErrors as error:
        raise CommandError(str(error)) from error


def _slug_of(name: str) -> str:
    """Accept a contract's slug or the file of its document."""
    return _read(name)[2].contract.slug if name.endswith(".toml") else name
