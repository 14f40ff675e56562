"""Put the complete data of a contract into a deployment that has none of it."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import BooleanField, JSONField, Model
from psycopg import sql
from pydantic import TypeAdapter

from contracts.console.data.manifest import (
    FORMAT,
    DataFileError,
    Manifest,
    present_migrations,
    read_manifest,
)
from contracts.console.data.parts import Part, all_parts, rows_of
from contracts.console.data.writing import Progress
from contracts.roster.services.index import rebuild_index
from core.accounts.models import User
from core.accounts.services.imported import restore_accounts
from core.audit.adopting import adopt_events
from core.audit.models import AuditEvent
from core.audit.recording import record
from tenants import registry
from tenants.configuration.revisions import document_of
from tenants.configuration.values import Slug
from tenants.context import contract_context, filling_scope
from tenants.models import Contract, ContractRevision, schema_name_for
from tenants.provisioning import ensure_schema
from tenants.states import ContractState

_Row = TypeVar("_Row", bound=Model)
_BLOCK: Final = 1 << 20
_PEOPLE_AT_ONCE: Final = 1_000
_ASIDE: Final = sql.Identifier("restored_aside")
_LARGEST_EPOCH: Final = 2**31


def restore_data(*, path: Path, by: UUID | None, at: datetime, progress: Progress) -> Contract:
    """Make a contract with all of its data from a file that `write_data` has written.

    Called by operators, outside a transaction. The contract comes back suspended: somebody looks at
    it and resumes it. Accounts come without password and factor; their owners begin with First
    login, by a link to their address. Either everything is there at the end or, after an
    interruption, an empty contract that the same call goes on with. Records
    `contract_data.restored`. Raises DataFileError for a damaged file, one of another version, and
    where the contract or one of its people is there already.
    """
    manifest = read_manifest(path)
    _check_version(manifest)
    _check_contract(manifest)
    contract = _reserve(manifest)
    ensure_schema(contract)
    with filling_scope(contract.schema_name), transaction.atomic():
        _fill(path, manifest, at=at, progress=progress)
        _check_rows(manifest, contract.pk)
        _put_in_force(contract, at=at)
        record(
            "contract_data.restored",
            contract_id=contract.pk,
            actor_id=by,
            subject=("contract", contract.pk),
            data={"made_at": manifest.made_at},
            at=at,
        )
    with contract_context(registry.get_configured(contract.slug)):
        rebuild_index()
    return Contract.objects.get(pk=contract.pk)


def _check_contract(manifest: Manifest) -> None:
    """Refuse what no contract of ours is called: its schema would be somebody else's."""
    known = manifest.contract
    try:
        TypeAdapter(Slug).validate_python(known.get("slug"))
        fits = known["schema_name"] == schema_name_for(known["slug"])
        fits = fits and str(UUID(known["id"])) == known["id"] and bool(known["name"])
        fits = fits and 0 <= int(known["policy_epoch"]) < _LARGEST_EPOCH
    except (KeyError, ValueError) as error:
        raise DataFileError(f"The file names no contract that could be here: {error}") from error
    if not fits:
        raise DataFileError("The file names no contract that could be here.")


def _check_rows(manifest: Manifest, contract_id: UUID) -> None:
    """See that each row belongs to this contract, as it was when it was written.

    A file is not signed: rows of another contract could be among them.
    """
    for part in all_parts():
        found = rows_of(part, contract_id).order_by().count()
        if found != manifest.files[part.label].rows:
            raise DataFileError(f"Rows of {part.label} are not this contract's. Nothing was made.")


def _fill(path: Path, manifest: Manifest, *, at: datetime, progress: Progress) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for part in all_parts():
                progress(part.label, _read(archive, manifest, part, at=at))
    except (DatabaseError, ValidationError, ValueError, csv.Error) as error:
        raise DataFileError(f"The data does not fit this deployment: {error}") from error


def _check_version(manifest: Manifest) -> None:
    if manifest.format != FORMAT:
        raise DataFileError(f"The file has format {manifest.format}, this portal reads {FORMAT}.")
    here = present_migrations()
    differing = {
        app
        for app in {*here, *manifest.migrations}
        if here.get(app) != manifest.migrations.get(app)
    }
    if differing:
        raise DataFileError(
            "The file was written by another version of the portal; restore it with that one and "
            f"migrate. Its tables differ in: {', '.join(sorted(differing))}."
        )


def _reserve(manifest: Manifest) -> Contract:
    """Make the contract's row, or take up the one that an interrupted restore has left."""
    known = manifest.contract
    found = Contract.objects.filter(slug=known["slug"]).first()
    if found is not None:
        if str(found.pk) != known["id"] or found.revision_id or found.state != "provisioning":
            raise DataFileError(f"There is a contract {known['slug']} here already.")
        return found
    new = Contract(
        id=UUID(known["id"]),
        slug=known["slug"],
        name=known["name"],
        schema_name=known["schema_name"],
        policy_epoch=int(known["policy_epoch"]),
    )
    # Not save(): saving a tenant does more than write its row.
    Contract.objects.bulk_create([new])
    return Contract.objects.get(pk=new.pk)


def _read(archive: zipfile.ZipFile, manifest: Manifest, part: Part, *, at: datetime) -> int:
    facts = manifest.files.get(part.label)
    if facts is None:
        raise DataFileError(f"The file lacks the table {part.label}.")
    with archive.open(facts.file) as stream:
        if part.model is User:
            return _people(stream, part, at=at)
        if part.model is AuditEvent:
            events, key = _rows_of(stream, part, AuditEvent), UUID(manifest.contract["id"])
            return adopt_events(events, contract_id=key, at=at)
        return _copy_in(stream, part)


def _copy_in(stream: IO[bytes], part: Part) -> int:
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in part.columns())
    table = sql.Identifier(part.model._meta.db_table)
    into = _ASIDE if part.is_everybodys else table
    with connection.cursor() as cursor:
        if part.is_everybodys:
            cursor.execute(
                sql.SQL("CREATE TEMP TABLE {} (LIKE {}) ON COMMIT DROP").format(into, table)
            )
        asked = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, HEADER MATCH)")
        with cursor.copy(asked.format(into, columns)) as copy:
            while block := stream.read(_BLOCK):
                copy.write(block)
        count = int(cursor.rowcount)
        if part.is_everybodys:
            taken = sql.SQL("INSERT INTO {} SELECT * FROM {} ON CONFLICT DO NOTHING")
            cursor.execute(taken.format(table, into))
    return count


def _people(stream: IO[bytes], part: Part, *, at: datetime) -> int:
    """Make the accounts, a thousand at once, so that memory stays flat."""
    people, made = _rows_of(stream, part, User), 0
    while some := list(islice(people, _PEOPLE_AT_ONCE)):
        made += restore_accounts(accounts=some, at=at)
    return made


def _rows_of(stream: IO[bytes], part: Part, model: type[_Row]) -> Iterator[_Row]:
    """Read a table's rows; an empty cell is nothing where nothing may stand."""
    rows = csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
    if list(rows.fieldnames or ()) != part.columns():
        raise ValueError(f"the columns of {part.label} are others")
    fields = {field.column: field for field in model._meta.concrete_fields}
    for row in rows:
        if len(row) != len(rows.fieldnames or ()) or None in row.values():
            raise ValueError(f"a row of {part.label} has more or fewer cells than columns")
        read = {fields[column].name: _value(fields[column], text) for column, text in row.items()}
        yield model(**read)


def _value(field: Any, text: str) -> Any:
    """Return a cell as a field has it: PostgreSQL writes truth as one letter."""
    if field.null and not text:
        return None
    match field:
        case JSONField():
            return json.loads(text)
        case BooleanField():
            return field.to_python({"t": "True", "f": "False"}.get(text, text))
        case _:
            return field.to_python(text)


def _put_in_force(contract: Contract, *, at: datetime) -> None:
    newest = ContractRevision.objects.filter(contract=contract.pk).order_by("-number").first()
    if newest is None:
        raise DataFileError("The file holds no revision of the contract's document.")
    document = document_of(newest)
    if document is None or document.contract.slug != contract.slug:
        raise DataFileError("The newest document in the file cannot be read, or is of another.")
    Contract.objects.filter(pk=contract.pk).update(
        revision=newest,
        state=ContractState.SUSPENDED,
        state_since=at,
        ready_at=at,
    )
    registry.announce()
