"""Migrate the shared schema, then every contract's."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.migrating import SchemaResult, deployer_lock, migrate_contracts, migrate_shared


class Command(BaseCommand):
    help = (
        "Migrate the shared schema and every contract's, as the tables' owner. A second deployer "
        "waits; a killed run is taken up by the next."
    )
    # The tables that the checks may look into are made here.
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--shared", action="store_true", help="the shared schema alone")
        parser.add_argument("--workers", type=int, default=4, help="contracts at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        with deployer_lock():
            migrate_shared(verbosity=options["verbosity"])
            if options["shared"]:
                return
            results = migrate_contracts(workers=options["workers"], report=self._report)
        failed = [result.slug for result in results if result.error]
        if failed:
            raise CommandError(f"These contracts answer 503 until mended: {', '.join(failed)}")

    def _report(self, result: SchemaResult) -> None:
        if result.error:
            self.stderr.write(f"{result.slug}: {result.error}")
        else:
            self.stdout.write(f"{result.slug}: {result.applied} migrations")
