"""Check, plan, apply and export the configuration documents of contracts."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from pydantic import ValidationError

from contracts.console.documents import DOCUMENT_ACTIONS, Applied, DocumentCommand, short_name
from contracts.console.printing import history_lines
from contracts.console.services.publishing import publish
from core.accounts.models import ContractAccess
from core.common.clock import now
from tenants.configuration.document import ContractDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.gates import GateContext, GateFailure, contract_failures
from tenants.configuration.loading import parse_contract
from tenants.configuration.publishing import Plan, plan_contract
from tenants.configuration.revisions import (
    day_in,
    find_contract_revision,
    read_contract_revision,
)
from tenants.configuration.starter import LATEST_TIME_ZONE, starter_text
from tenants.models import Contract, ContractRevision


class Command(DocumentCommand[ContractDocument]):
    help = "Check, plan, apply, export and list the configuration documents of contracts."
    about = "contract"

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        self.add_document_actions(actions, nargs="+", metavar="FILE|SLUG")
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
        if action in DOCUMENT_ACTIONS:
            self.handle_documents([_path(name) for name in options["documents"]], options)
        elif action == "new":
            self._new(options["slug"], options["output"])
        elif action == "schema":
            self.stdout.write(json.dumps(ContractDocument.model_json_schema(), indent=2))
        elif action == "export":
            self._export(self._slug_of(options["contract"]), options["revision"])
        else:
            self._history(self._slug_of(options["contract"]))

    def parse(self, text: str, *, file: str) -> ContractDocument:
        return parse_contract(text, file=file)

    def name_and_zone(self, document: ContractDocument) -> tuple[str, str]:
        return document.contract.slug, document.contract.time_zone

    def failures(self, document: ContractDocument, on: date) -> Iterable[GateFailure]:
        return contract_failures(document, GateContext(on=on))

    def plan(self, document: ContractDocument) -> tuple[Plan, Sequence[str]]:
        plan = plan_contract(document=document, at=now())
        if plan.is_new:
            return plan, ["  new contract: applying makes its schema"]
        slug = document.contract.slug
        people = ContractAccess.objects.filter(contract__slug=slug, until=None).count()
        return plan, [f"  accounts with access to the contract: {people}"]

    def present(self, document: ContractDocument) -> ContractRevision | None:
        return find_contract_revision(document.contract.slug)

    def publish(self, document: ContractDocument, *, base: int | None, note: str) -> Applied:
        publication = publish(document=document, base=base, by=None, at=now(), note=note)
        count = publication.fingerprints
        more = [] if count is None else [f"  shared index made anew: {count} fingerprints"]
        return Applied(publication.published.revision, publication.published.changed, more)

    def _slug_of(self, name: str) -> str:
        """Accept a contract's slug or the file of its document."""
        if not name.endswith(".toml"):
            return name
        return self.read(_path(name)).document.contract.slug

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
        file = short_name(output or _program_file(slug))
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


def _path(name: str) -> Path:
    """Return a document's file by its name, or by the slug of a file in contracts/programs."""
    path = Path(name)
    is_slug = not path.exists() and not path.suffix and len(path.parts) == 1
    return _program_file(name) if is_slug else path
