"""Take a contract's complete data along: export, verify and restore files with checksums."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from contracts.console.data.manifest import read_manifest
from contracts.console.data.reading import restore_data
from contracts.console.data.writing import NoDataError, contract_with_data, write_data
from core.common.clock import now
from core.common.errors import DomainError
from tenants.errors import TenancyError


class Command(BaseCommand):
    help = "Export all data of one contract into a file, verify such a file, or restore it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="write one contract's data into a file")
        export.add_argument("contract", metavar="SLUG")
        export.add_argument("file", type=Path)
        verify = actions.add_parser("verify", help="compare each table in a file with its checksum")
        verify.add_argument("file", type=Path)
        restore = actions.add_parser("restore", help="make a contract from such a file")
        restore.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (DomainError, TenancyError) as error:
            raise CommandError(str(error)) from error

    def _export(self, options: dict[str, Any]) -> None:
        path: Path = options["file"]
        if path.exists():
            raise CommandError(f"{path.name} is there already. Name another file.")
        try:
            contract = contract_with_data(options["contract"])
        except NoDataError as error:
            raise CommandError(f"There is no data of a contract {options['contract']}.") from error
        manifest = write_data(
            contract=contract, path=path, by=None, at=now(), progress=self._progress
        )
        self.stdout.write(f"Wrote {path.name}: {manifest.rows} rows. Keep it like the database.")

    def _verify(self, options: dict[str, Any]) -> None:
        manifest = read_manifest(options["file"])
        self.stdout.write(
            f"{manifest.contract['slug']} of {manifest.made_at}: {len(manifest.files)} tables, "
            f"{manifest.rows} rows, whole."
        )

    def _restore(self, options: dict[str, Any]) -> None:
        contract = restore_data(path=options["file"], by=None, at=now(), progress=self._progress)
        self.stdout.write(
            f"{contract.slug} is restored and suspended. Look at it, then resume it at "
            f"/staff/contracts/{contract.slug}/status/."
        )

    def _progress(self, label: str, rows: int) -> None:
        self.stdout.write(f"  {label}: {rows}")
