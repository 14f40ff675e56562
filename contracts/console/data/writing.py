"""Write the complete data of a contract into one file: a table a file, with checksums."""

import zipfile
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from django.db import connection, transaction

from contracts.console.data.manifest import (
    FORMAT,
    MANIFEST,
    FileFacts,
    Manifest,
    present_migrations,
)
from contracts.console.data.parts import Part, all_parts, rows_of
from core.audit.recording import record
from core.common.errors import DomainError
from tenants.backend.reading import consistent_reading
from tenants.configuration.exporting import to_toml
from tenants.context import ActiveContract, contract_context
from tenants.models import Contract
from tenants.snapshot import read_contract
from tenants.states import ContractState

Progress = Callable[[str, int], None]
_WITHOUT_DATA: Final = (ContractState.PROVISIONING, ContractState.DELETED)
_SAID_OF_A_CONTRACT: Final = ("id", "slug", "name", "schema_name", "policy_epoch")


class NoDataError(DomainError):
    """The contract has no data, or a document that this code cannot read."""

    code = "contract_has_no_data"
    message = "This contract has no data to export."


def contract_with_data(slug: str) -> ActiveContract:
    """Return a contract whose data is there, archived ones as well. Raises NoDataError."""
    rows = Contract.objects.exclude(state__in=_WITHOUT_DATA).select_related("revision")
    row = rows.filter(slug=slug).first()
    contract = read_contract(row) if row else None
    if contract is None:
        raise NoDataError
    return contract


def write_data(
    *, contract: ActiveContract, path: Path, by: UUID | None, at: datetime, progress: Progress
) -> Manifest:
    """Write all data of a contract into a file, which appears under its name when it is whole.

    Called by operators, outside a transaction: see `write_archive`.
    """
    part_file = path.with_name(path.name + ".part")
    with part_file.open("wb") as out:
        manifest = write_archive(contract=contract, out=out, at=at, progress=progress)
    with transaction.atomic():
        record_export(contract.id, manifest, by=by, at=at)
    part_file.replace(path)
    return manifest


def write_archive(
    *, contract: ActiveContract, out: IO[bytes], at: datetime, progress: Progress
) -> Manifest:
    """Write all data of a contract as it is at one moment, while others go on working.

    Called outside a transaction. The file holds names and addresses of people and the contract's
    audit trail, no password, factor, or key. `out` is written from its beginning to its end.
    `progress` is told each table and its rows.
    """
    with (
        contract_context(contract),
        consistent_reading(),
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr("contract.toml", to_toml(contract.document))
        files = {}
        for part in all_parts():
            files[part.label] = _write(archive, part, contract.id)
            progress(part.label, files[part.label].rows)
        manifest = Manifest(
            format=FORMAT,
            made_at=at.isoformat(),
            contract=_facts(contract.id),
            migrations=present_migrations(),
            files=files,
        )
        archive.writestr(MANIFEST, manifest.as_text())
    return manifest


def record_export(
    contract_id: UUID, manifest: Manifest, *, by: UUID | None, at: datetime, **data: str
) -> None:
    """Record `contract_data.exported`: whose data, how many rows, and what else is to be known."""
    record(
        "contract_data.exported",
        contract_id=contract_id,
        actor_id=by,
        subject=("contract", contract_id),
        data={"rows": manifest.rows, **data},
        at=at,
    )


def _write(archive: zipfile.ZipFile, part: Part, contract_id: UUID) -> FileFacts:
    name = f"tables/{part.label}.csv"
    rows = rows_of(part, contract_id).values_list(*part.columns())
    with archive.open(name, "w", force_zip64=True) as stream:
        count, digest = _copy_out(rows, stream)
    return FileFacts(name, count, digest)


def _copy_out(rows: Any, stream: IO[bytes]) -> tuple[int, str]:
    text, parameters = rows.query.sql_with_params()
    digest = sha256()
    with connection.cursor() as cursor:
        asked = f"COPY ({text}) TO STDOUT WITH (FORMAT csv, HEADER)"
        with cursor.copy(asked, parameters) as copy:
            for block in copy:
                digest.update(block)
                stream.write(block)
        return cursor.rowcount, digest.hexdigest()


def _facts(contract_id: UUID) -> dict[str, str]:
    row = Contract.objects.values(*_SAID_OF_A_CONTRACT).get(pk=contract_id)
    return {name: str(value) for name, value in row.items()}
