"""Check, plan, apply and export the configuration document of the deployment."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from contracts.console.printing import (
    failure_lines,
    history_lines,
    plan_lines,
    refusals_as_command_errors,
    waiver_lines,
)
from core.common.clock import now
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.gates import GateContext, deployment_failures
from tenants.configuration.loading import DocumentErrors, parse_deployment, read_text
from tenants.configuration.publishing import plan_deployment, publish_deployment
from tenants.configuration.revisions import (
    day_in,
    find_deployment_revision,
    is_published,
    read_deployment_revision,
)
from tenants.models import DeploymentRevision

_NAME = "deployment"


class Command(BaseCommand):
    help = "Check, plan, apply, export and list the configuration document of the deployment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, help_text in (
            ("check", "read the document and name file, line and field of every mistake"),
            ("plan", "show what publishing would change, field by field"),
            ("apply", "publish"),
        ):
            action = actions.add_parser(name, help=help_text)
            action.add_argument("file", nargs="?", help="else config/deployment.toml")
        action.add_argument(
            "--base",
            type=int,
            help="revision that the document was made from; else the present one",
        )
        action.add_argument("--note", default="", help="why, for the history")
        export = actions.add_parser("export", help="write the published document as TOML")
        export.add_argument("--revision", type=int, help="an earlier revision")
        actions.add_parser("history", help="list the published revisions, newest first")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        if action == "export":
            self._export(options["revision"])
            return
        if action == "history":
            for line in history_lines(DeploymentRevision.objects.order_by("-number")):
                self.stdout.write(line)
            return
        file = options["file"] or str(Path(settings.BASE_DIR) / "config" / "deployment.toml")
        text, document = _read(file)
        if action != "apply" or not is_published(document):
            self._check(file, text, document)
        if action == "plan":
            self._plan(file, text, document)
        elif action == "apply":
            self._apply(file, text, document, options)
        else:
            self.stdout.write(f"{file}: ready to be planned and applied")

    def _check(self, file: str, text: str, document: DeploymentDocument) -> None:
        on = day_in(document.deployment.time_zone, now())
        failures = deployment_failures(document, GateContext(on=on))
        if failures:
            raise CommandError("\n".join(failure_lines(failures, file, text)))
        for line in waiver_lines(document.waivers, on):
            self.stdout.write(line)

    def _plan(self, file: str, text: str, document: DeploymentDocument) -> None:
        plan = plan_deployment(document=document, at=now())
        for line in plan_lines(plan, _NAME):
            self.stdout.write(line)
        if plan.failures:
            raise CommandError("\n".join(failure_lines(plan.failures, file, text)))

    def _apply(
        self, file: str, text: str, document: DeploymentDocument, options: dict[str, Any]
    ) -> None:
        base = options["base"]
        if base is None:
            revision = find_deployment_revision()
            base = revision.number if revision else None
        with refusals_as_command_errors(file, text):
            published = publish_deployment(
                document=document, base=base, by=None, at=now(), note=options["note"]
            )
        said = "published" if published.changed else "is published already, nothing changed"
        self.stdout.write(f"{_NAME}: revision {published.revision.number} {said}")

    def _export(self, number: int | None) -> None:
        revision = find_deployment_revision(number)
        if revision is None:
            raise CommandError("There is no such revision of the deployment.")
        self.stdout.write(to_toml(read_deployment_revision(revision)), ending="")


def _read(file: str) -> tuple[str, DeploymentDocument]:
    try:
        text = read_text(file)
        return text, parse_deployment(text, file=file)
    except DocumentErrors as error:
        raise CommandError(str(error)) from error
