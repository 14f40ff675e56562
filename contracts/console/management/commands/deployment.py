"""Check, plan, apply and export the configuration document of the deployment."""

from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from contracts.console.documents import (
    DOCUMENT_ACTIONS,
    Applied,
    DocumentCommand,
    Planned,
    add_action,
)
from contracts.console.outcomes import RefusedError
from contracts.console.printing import history_facts, history_lines
from core.common.clock import now
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.gates import GateContext, GateFailure, deployment_failures
from tenants.configuration.loading import parse_deployment
from tenants.configuration.publishing import plan_deployment, publish_deployment
from tenants.configuration.revisions import (
    find_deployment_revision,
    read_deployment_revision,
    to_json,
)
from tenants.models import DeploymentRevision


class Command(DocumentCommand[DeploymentDocument]):
    help = "Check, plan, apply, export and list the configuration document of the deployment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        self.add_document_actions(actions, nargs="?", metavar="FILE")
        export = add_action(actions, "export", "write the published document as TOML")
        export.add_argument("--revision", type=int, help="an earlier revision")
        add_action(actions, "history", "list the published revisions, newest first")

    def act(self, action: str, options: dict[str, Any]) -> bool:
        if action in DOCUMENT_ACTIONS:
            own = Path(settings.BASE_DIR) / "config" / "deployment.toml"
            return self.handle_documents([Path(options["documents"] or own)], options)
        if action == "export":
            self._export(options["revision"])
        else:
            revisions = list(DeploymentRevision.objects.order_by("-number"))
            told = [history_facts(one) for one in revisions]
            self.report(history_lines(revisions), action="history", revisions=told)
        return False

    def parse(self, text: str, *, file: str) -> DeploymentDocument:
        return parse_deployment(text, file=file)

    def name_and_zone(self, document: DeploymentDocument) -> tuple[str, str]:
        return "deployment", document.deployment.time_zone

    def failures(self, document: DeploymentDocument, on: date) -> Iterable[GateFailure]:
        return deployment_failures(document, GateContext(on=on))

    def plan(self, document: DeploymentDocument) -> Planned:
        return Planned(plan_deployment(document=document, at=now()))

    def present(self, document: DeploymentDocument) -> DeploymentRevision | None:
        return find_deployment_revision()

    def publish(self, document: DeploymentDocument, *, base: int | None, note: str) -> Applied:
        published = publish_deployment(document=document, base=base, by=None, at=now(), note=note)
        return Applied(published.revision, published.changed)

    def _export(self, number: int | None) -> None:
        revision = find_deployment_revision(number)
        if revision is None:
            message = "There is no such revision of the deployment."
            raise RefusedError(message, code="no_such_revision")
        document = read_deployment_revision(revision)
        if self.in_lines:
            self.stdout.write(to_toml(document), ending="")
        self.report((), action="export", document=to_json(document))
