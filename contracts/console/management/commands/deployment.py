"""Check, plan, apply and export the configuration document of the deployment."""

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from contracts.console.documents import DOCUMENT_ACTIONS, Applied, DocumentCommand
from contracts.console.printing import history_lines
from core.common.clock import now
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.gates import GateContext, GateFailure, deployment_failures
from tenants.configuration.loading import parse_deployment
from tenants.configuration.publishing import Plan, plan_deployment, publish_deployment
from tenants.configuration.revisions import find_deployment_revision, read_deployment_revision
from tenants.models import DeploymentRevision


class Command(DocumentCommand[DeploymentDocument]):
    help = "Check, plan, apply, export and list the configuration document of the deployment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        self.add_document_actions(actions, nargs="?", metavar="FILE")
        export = actions.add_parser("export", help="write the published document as TOML")
        export.add_argument("--revision", type=int, help="an earlier revision")
        actions.add_parser("history", help="list the published revisions, newest first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] in DOCUMENT_ACTIONS:
            own = Path(settings.BASE_DIR) / "config" / "deployment.toml"
            self.handle_documents([Path(options["documents"] or own)], options)
        elif options["action"] == "export":
            self._export(options["revision"])
        else:
            for line in history_lines(DeploymentRevision.objects.order_by("-number")):
                self.stdout.write(line)

    def parse(self, text: str, *, file: str) -> DeploymentDocument:
        return parse_deployment(text, file=file)

    def name_and_zone(self, document: DeploymentDocument) -> tuple[str, str]:
        return "deployment", document.deployment.time_zone

    def failures(self, document: DeploymentDocument, on: date) -> Iterable[GateFailure]:
        return deployment_failures(document, GateContext(on=on))

    def plan(self, document: DeploymentDocument) -> tuple[Plan, Sequence[str]]:
        return plan_deployment(document=document, at=now()), ()

    def present(self, document: DeploymentDocument) -> DeploymentRevision | None:
        return find_deployment_revision()

    def publish(self, document: DeploymentDocument, *, base: int | None, note: str) -> Applied:
        published = publish_deployment(document=document, base=base, by=None, at=now(), note=note)
        return Applied(published.revision, published.changed)

    def _export(self, number: int | None) -> None:
        revision = find_deployment_revision(number)
        if revision is None:
            raise CommandError("There is no such revision of the deployment.")
        self.stdout.write(to_toml(read_deployment_revision(revision)), ending="")
