"""Check, plan, apply, create, roll back, compare and export the documents of contracts."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from pydantic import ValidationError

from contracts.console.documents import (
    DOCUMENT_ACTIONS,
    Applied,
    DocumentCommand,
    Planned,
    Source,
    add_action,
    add_exit_code,
    short_name,
)
from contracts.console.effects.assessing import effects_of
from contracts.console.effects.sentences import sentences_of
from contracts.console.hosts.facts import host_facts, told_hosts
from contracts.console.hosts.printing import is_open, reach_lines
from contracts.console.hosts.sender_facts import sender_facts, told_senders
from contracts.console.outcomes import Exit, RefusedError, change_facts
from contracts.console.printing import change_lines, history_facts, history_lines, mistakes
from contracts.console.services.publishing import publish
from contracts.console.services.reach import check_reach
from contracts.console.tasks import check_new_hosts
from core.common.clock import now
from tenants.configuration.approvals import Approval
from tenants.configuration.diff import difference
from tenants.configuration.document import ContractDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.gates import GateContext, GateFailure, contract_failures
from tenants.configuration.loading import DocumentErrors, parse_contract, read_text
from tenants.configuration.origins import contract_origin, preset_origin
from tenants.configuration.presets import PRESETS
from tenants.configuration.publishing import plan_contract
from tenants.configuration.revisions import (
    day_in,
    document_of,
    find_contract_revision,
    to_json,
)
from tenants.configuration.schema import contract_schema
from tenants.configuration.starter import LATEST_TIME_ZONE, starter_text
from tenants.logos.encoding import LogoRefusedError, read_logo
from tenants.logos.stored import store_logo
from tenants.models import Contract, ContractRevision
from tenants.states import ContractState

_HELP = {
    "create": "publish a new contract, over a preset or another contract's document if asked to",
    "rollback": "publish an earlier revision again",
    "diff": "compare two documents, or one with what is published",
    "export": "write the published document as TOML",
    "history": "list the published revisions, newest first",
    "hosts": "show whether the published hosts lead here and the sender is verified",
    "schema": "print the JSON Schema of the document",
    "logo": "store the image of a logo; prints what a document says to show it",
    "new": "write a commented document for a new contract",
}


class Command(DocumentCommand[ContractDocument]):
    help = "Check, plan, publish, roll back and compare the configuration documents of contracts."
    about = "contract"

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        shared = self.add_document_actions(actions, nargs="+", metavar="FILE|SLUG")
        own = {name: add_action(actions, name, text) for name, text in _HELP.items()}
        own["create"].add_argument("document", metavar="FILE|SLUG")
        own["rollback"].add_argument("contract", metavar="SLUG|FILE")
        own["rollback"].add_argument("revision", type=int)
        own["rollback"].add_argument("--dry-run", action="store_true", help="plan it only")
        for name in ("create", "rollback"):
            own[name].add_argument("--note", default="", help="why, for the history")
        for publishing in (shared["apply"], own["rollback"]):
            publishing.add_argument(
                "--without-second-person",
                action="store_true",
                help="as the deployment's owner, where an approval is asked for; needs --note",
            )
        own["diff"].add_argument("left", metavar="FILE|SLUG[@REVISION]")
        own["diff"].add_argument("right", nargs="?", help="else what is published")
        add_exit_code(own["diff"])
        for name in ("export", "history"):
            own[name].add_argument("contract", metavar="SLUG|FILE")
        own["hosts"].add_argument("contract", metavar="SLUG|FILE")
        own["hosts"].add_argument("--check", action="store_true", help="ask them now")
        add_exit_code(own["hosts"])
        own["export"].add_argument("--revision", type=int, help="an earlier revision")
        own["logo"].add_argument("image", type=Path, metavar="FILE")
        own["new"].add_argument("slug")
        own["new"].add_argument("--output", type=Path, help="file to make; else it is printed")
        for name in ("create", "new"):
            origin = own[name].add_mutually_exclusive_group()
            origin.add_argument("--from-preset", choices=sorted(PRESETS), help="its policies")
            origin.add_argument("--from", dest="origin", metavar="SLUG[@REVISION]")

    def act(self, action: str, options: dict[str, Any]) -> bool:
        does_without = options.get("without_second_person", False)
        if does_without and not options["note"]:
            message = "--without-second-person needs a --note that says why."
            raise RefusedError(message, code="usage", exit_code=Exit.USAGE)
        self.approval = Approval(by=None) if does_without else None
        if action in DOCUMENT_ACTIONS:
            return self.handle_documents([_path(name) for name in options["documents"]], options)
        return bool(getattr(self, f"_{action}")(options))

    def parse(self, text: str, *, file: str) -> ContractDocument:
        return parse_contract(text, file=file)

    def name_and_zone(self, document: ContractDocument) -> tuple[str, str]:
        return document.contract.slug, document.contract.time_zone

    def failures(self, document: ContractDocument, on: date) -> Iterable[GateFailure]:
        return contract_failures(document, GateContext(on=on))

    def plan(self, document: ContractDocument) -> Planned:
        at = now()
        plan = plan_contract(document=document, at=at)
        if plan.is_new:
            return Planned(plan, ["  new contract: applying makes its schema"])
        effects = effects_of(document, at=at)
        return Planned(plan, [f"  {one}" for one in sentences_of(effects)], effects.as_facts())

    def present(self, document: ContractDocument) -> ContractRevision | None:
        return find_contract_revision(document.contract.slug)

    def publish(self, document: ContractDocument, *, base: int | None, note: str) -> Applied:
        publication = publish(
            document=document, base=base, by=None, at=now(), note=note, approval=self.approval
        )
        check_new_hosts(document.contract.slug)
        count = publication.fingerprints
        more = [] if count is None else [f"  shared index made anew: {count} fingerprints"]
        return Applied(publication.published.revision, publication.published.changed, more)

    def _create(self, options: dict[str, Any]) -> bool:
        path = _path(options["document"])
        file, beneath = short_name(path), self._origin(options)
        try:
            text = read_text(path)
            document = parse_contract(text, file=file, beneath=beneath)
        except DocumentErrors as error:
            raise mistakes(error) from error
        slug = document.contract.slug
        known = Contract.objects.filter(slug=slug).exclude(state=ContractState.PROVISIONING)
        if known.exists():
            raise RefusedError(
                f"{file}: there is a contract {slug}. Use apply to change it.",
                code="contract_exists",
            )
        source = Source(file, text, document)
        return self.report_publication(source, base=None, note=options["note"])

    def _rollback(self, options: dict[str, Any]) -> bool:
        slug, number = self._slug_of(options["contract"]), options["revision"]
        document = self._revision_of(slug, number)
        source = Source(f"{slug}@{number}", to_toml(document), document)
        if options["dry_run"]:
            return self.report_plan(source)
        note = options["note"] or f"Rolled back to revision {number}"
        return self.report_publication(source, base=None, note=note)

    def _diff(self, options: dict[str, Any]) -> bool:
        left = self._document_of(options["left"])
        right = (
            self._document_of(options["right"])
            if options["right"]
            else self._revision_of(left.contract.slug, None)
        )
        before, after = (left, right) if options["right"] else (right, left)
        changes = difference(before, after)
        self.report(change_lines(changes), action="diff", changes=change_facts(changes))
        return bool(changes)

    def _export(self, options: dict[str, Any]) -> None:
        slug = self._slug_of(options["contract"])
        document = self._revision_of(slug, options["revision"])
        if self.in_lines:
            self.stdout.write(to_toml(document), ending="")
        self.report((), action="export", name=slug, document=to_json(document))

    def _history(self, options: dict[str, Any]) -> None:
        slug = self._slug_of(options["contract"])
        contract = Contract.objects.filter(slug=slug).first()
        if contract is None:
            raise RefusedError(f"There is no contract {slug}.", code="no_such_contract")
        revisions = list(contract.revisions.order_by("-number"))
        told = [history_facts(one) for one in revisions]
        self.report(history_lines(revisions), action="history", name=slug, revisions=told)

    def _hosts(self, options: dict[str, Any]) -> bool:
        slug = self._slug_of(options["contract"])
        contract = Contract.objects.filter(slug=slug).first()
        if contract is None:
            raise RefusedError(f"There is no contract {slug}.", code="no_such_contract")
        document = self._revision_of(slug, None)
        if options["check"]:
            check_reach(slug)
        hosts = host_facts(contract, at=now())
        senders = sender_facts(contract, document)
        self.report(
            list(reach_lines(hosts, senders)),
            action="hosts",
            name=slug,
            hosts=told_hosts(hosts),
            senders=told_senders(senders),
        )
        return is_open([*hosts, *senders])

    def _schema(self, _options: dict[str, Any]) -> None:
        self.in_lines = True  # it is JSON as it stands
        self.report([contract_schema()])

    def _logo(self, options: dict[str, Any]) -> None:
        path = options["image"]
        try:
            logo = read_logo(path)
        except (OSError, LogoRefusedError) as error:
            said = error.sentence if isinstance(error, LogoRefusedError) else error.strerror
            raise RefusedError(f"{short_name(path)}: {said}", code="logo_refused") from error
        store_logo(logo=logo, by=None, at=now())
        facts = {"logo": logo.digest, "logo_width": logo.width, "logo_height": logo.height}
        lines = [f"{name} = {json.dumps(value)}" for name, value in facts.items()]
        self.report(["[brand]", *lines], action="logo", **facts)

    def _new(self, options: dict[str, Any]) -> None:
        slug, output = options["slug"], options["output"]
        file = short_name(output or _program_file(slug))
        on = day_in(LATEST_TIME_ZONE, now())
        try:
            text = starter_text(slug, file=file, on=on, beneath=self._origin(options))
        except ValidationError as error:
            raise RefusedError(
                f"{slug}: {error.errors()[0]['msg']}", code="no_such_slug"
            ) from error
        if output is None:
            if self.in_lines:
                self.stdout.write(text, ending="")
            self.report((), action="new", name=slug, text=text)
            return
        try:
            with output.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            message = f"{file} cannot be written: {error.strerror}."
            raise RefusedError(message, code="file_cannot_be_written") from error
        lines = [f"Wrote {file}. Next: python manage.py contract check {file}"]
        self.report(lines, action="new", name=slug, file=file)

    def _origin(self, options: dict[str, Any]) -> dict[str, Any] | None:
        """Return what a new document leaves to a preset or to another contract; None: nothing."""
        if options["from_preset"]:
            return preset_origin(options["from_preset"])
        return contract_origin(self._document_of(options["origin"])) if options["origin"] else None

    def _document_of(self, name: str) -> ContractDocument:
        """Return the document of a file, of a contract, or of one of its revisions."""
        slug, _, number = name.partition("@")
        if number and not number.isdecimal():
            raise RefusedError(f"{name}: a revision is a number.", code="no_such_revision")
        if number or Contract.objects.filter(slug=slug).exists():
            return self._revision_of(slug, int(number) if number else None)
        return self.read(_path(name)).document

    def _revision_of(self, slug: str, number: int | None) -> ContractDocument:
        revision = find_contract_revision(slug, number)
        if revision is None:
            message = f"There is no such revision of the contract {slug}."
            raise RefusedError(message, code="no_such_revision")
        document = document_of(revision)
        if document is None:
            message = f"Revision {revision.number} of {slug} cannot be read by this version."
            raise RefusedError(message, code="revision_unreadable")
        return document

    def _slug_of(self, name: str) -> str:
        """Accept a contract's slug or the file of its document."""
        if not name.endswith(".toml"):
            return name
        return self.read(_path(name)).document.contract.slug


def _program_file(slug: str) -> Path:
    return Path(settings.BASE_DIR) / "contracts" / "programs" / f"{slug}.toml"


def _path(name: str) -> Path:
    """Return a document's file by its name, or by the slug of a file in contracts/programs."""
    path = Path(name)
    is_slug = not path.exists() and not path.suffix and len(path.parts) == 1
    return _program_file(name) if is_slug else path
