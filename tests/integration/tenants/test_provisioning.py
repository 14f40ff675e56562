"""A contract's schema is made whole or not at all, once, and is what migrations would have made."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from core.common.ids import uuid7
from tenants import provisioning, template
from tenants.catalogue import UnknownObjectError, read_ddl
from tenants.context import contract_context, schema_scope
from tenants.database_router import contract_labels
from tenants.identity.models import SchemaIdentity
from tenants.migrating import migrate_in_scope
from tenants.models import Contract, SchemaText, schema_name_for
from tenants.provisioning import ProvisioningError, ensure_schema
from tenants.rights import grant_application
from tenants.schema_level import is_behind
from tests.integration.tenants.catalogues import (
    describe,
    migration_rows,
    run_as_owner,
    schema_exists,
    settled,
)

ROOT = Path(__file__).resolve().parents[3]


def contract_row(slug: str) -> Contract:
    return Contract.objects.create(slug=slug, name=slug, schema_name=schema_name_for(slug))


@pytest.fixture
def fresh(real_db: None) -> Iterator[Contract]:
    """A contract without a schema; both are removed afterwards."""
    made = contract_row("fresh-one")
    yield made
    for contract in Contract.objects.filter(slug__startswith="fresh-"):
        run_as_owner(f'DROP SCHEMA IF EXISTS "{contract.schema_name}" CASCADE')
        contract.delete()


@pytest.fixture
def scratch(real_db: None) -> Iterator[str]:
    """A name of schemas that are dropped afterwards."""
    yield "t_scratch"
    for name in ("t_scratch", "t_scratch_copy"):
        run_as_owner(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


def test_a_made_schema_is_what_migrations_make(fresh: Contract, scratch: str) -> None:
    ensure_schema(fresh)
    run_as_owner(f'CREATE SCHEMA "{scratch}"')
    with schema_scope(scratch):
        migrate_in_scope("owner")
    grant_application(connections["owner"], schema=scratch, labels=contract_labels())
    made, migrated = describe(fresh.schema_name), describe(scratch)
    for kind, lines in migrated.items():
        assert made[kind] == lines, kind
    assert len(made["relations"]) > 10
    assert migration_rows(fresh.schema_name) == migration_rows(scratch)
    statements = template.get_template().statements
    assert tuple(read_ddl(connections["owner"], scratch)) == statements
    again = read_ddl(connections["owner"], fresh.schema_name)
    assert again == [settled(statement) for statement in statements]


def test_a_made_schema_says_whose_it_is_and_is_up_to_date(fresh: Contract) -> None:
    ensure_schema(fresh)
    with schema_scope(fresh.schema_name):
        identity = SchemaIdentity.objects.get()
    assert (identity.contract_id, identity.schema_name) == (fresh.id, fresh.schema_name)
    fresh.refresh_from_db()
    assert fresh.schema_migrations
    assert not is_behind(fresh.schema_migrations)


def test_making_it_again_changes_nothing(fresh: Contract) -> None:
    ensure_schema(fresh)
    before = describe(fresh.schema_name)
    ensure_schema(fresh)
    ensure_schema(Contract.objects.get(pk=fresh.pk))
    assert describe(fresh.schema_name) == before


def test_what_fails_half_way_leaves_nothing(
    fresh: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("the line was cut")

    monkeypatch.setattr(provisioning, "_identity", fail)
    with pytest.raises(OperationalError):
        ensure_schema(fresh)
    assert not schema_exists(fresh.schema_name)
    monkeypatch.undo()
    ensure_schema(fresh)
    assert schema_exists(fresh.schema_name)


_KILLED_IN_THE_MIDST = """
import os, signal, django
django.setup()
from tenants import provisioning
from tenants.models import Contract
provisioning._identity = lambda contract: os.kill(os.getpid(), signal.SIGKILL)
provisioning.ensure_schema(Contract.objects.get(slug="fresh-one"))
"""


def test_a_killed_deployer_leaves_nothing_that_the_next_one_trips_over(fresh: Contract) -> None:
    """Stock: a half-made schema is never repaired."""
    run = subprocess.run(
        [sys.executable, "-c", _KILLED_IN_THE_MIDST],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    ensure_schema(fresh)
    assert len(describe(fresh.schema_name)["relations"]) > 10


def _environment() -> dict[str, str]:
    import os

    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PORTAL_TEST_DATABASE": settings.TEST_DATABASE,
    }


def test_a_half_made_schema_of_another_tool_is_made_anew(fresh: Contract) -> None:
    run_as_owner(f'CREATE SCHEMA "{fresh.schema_name}"')
    run_as_owner("CREATE TABLE django_migrations (app text)", fresh.schema_name)
    run_as_owner("INSERT INTO django_migrations VALUES ('x')", fresh.schema_name)
    run_as_owner("CREATE TABLE half (id int)", fresh.schema_name)
    ensure_schema(fresh)
    assert not any("half" in line for line in describe(fresh.schema_name)["relations"])


def test_data_of_nobody_known_is_not_touched(fresh: Contract) -> None:
    run_as_owner(f'CREATE SCHEMA "{fresh.schema_name}"')
    run_as_owner("CREATE TABLE precious (id int)", fresh.schema_name)
    run_as_owner("INSERT INTO precious VALUES (1)", fresh.schema_name)
    with pytest.raises(ProvisioningError, match="precious"):
        ensure_schema(fresh)
    assert any("precious" in line for line in describe(fresh.schema_name)["relations"])


def test_the_schema_of_another_contract_is_not_taken_over(fresh: Contract) -> None:
    ensure_schema(fresh)
    run_as_owner(
        f"UPDATE tenants_identity_schemaidentity SET contract_id = '{uuid7()}'", fresh.schema_name
    )
    with pytest.raises(ProvisioningError, match="belongs to contract"):
        ensure_schema(fresh)


def test_two_deployers_at_once_make_it_once(fresh: Contract) -> None:
    """Stock: two deployers at once collide."""
    others = [contract_row(f"fresh-{number}") for number in range(2)]
    with contract_context(None):
        SchemaText.objects.using("owner").all().delete()
    template._known.clear()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(_ensure, [fresh, *others, fresh, *others]))
    for contract in (fresh, *others):
        with schema_scope(contract.schema_name):
            assert SchemaIdentity.objects.get().contract_id == contract.id
    assert SchemaText.objects.count() == 1


def _ensure(contract: Contract) -> None:
    try:
        ensure_schema(Contract.objects.get(pk=contract.pk))
    finally:
        connections.close_all()


def test_the_text_is_made_once_for_a_set_of_migrations(
    fresh: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_schema(fresh)
    template._known.clear()

    def never(*args: object) -> None:
        raise AssertionError("the template was migrated again")

    monkeypatch.setattr(template, "migrate_in_scope", never)
    assert template.get_template().statements
    assert not schema_exists("portal_template")


# --- The catalogue's reader -----------------------------------------------------------------------
_RICH = """
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN NEW.note := 'it''s; COMMIT'; RETURN NEW; END
$body$;
CREATE TABLE "Parent Table" (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1) PRIMARY KEY,
    "group" text COLLATE "C" NOT NULL DEFAULT 'a; b''c',
    amount numeric(12, 2) CHECK (amount > 0),
    doubled numeric GENERATED ALWAYS AS (amount * 2) STORED,
    tags text[] NOT NULL DEFAULT '{}',
    made_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (amount),
    CONSTRAINT late UNIQUE ("group", made_at) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE child (
    id uuid PRIMARY KEY,
    parent_id bigint REFERENCES "Parent Table" ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    self_id uuid REFERENCES child,
    note varchar(40) NOT NULL,
    span tstzrange,
    EXCLUDE USING gist (span WITH &&) WHERE (note <> '')
);
CREATE UNIQUE INDEX child_note_lower ON child (lower(note)) INCLUDE (id) WHERE note <> '';
CREATE INDEX child_tags ON "Parent Table" USING gin (tags);
CREATE TRIGGER stamp_child BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION stamp();
COMMENT ON TABLE child IS 'It''s a child';
COMMENT ON COLUMN child.note IS 'A note; with a semicolon';
ALTER TABLE child RENAME COLUMN note TO remark;
"""


def test_everything_that_the_reader_knows_comes_out_the_same(scratch: str) -> None:
    copy = f"{scratch}_copy"
    for name in (scratch, copy):
        run_as_owner(f'CREATE SCHEMA "{name}"')
    run_as_owner(_RICH, scratch)
    statements = read_ddl(connections["owner"], scratch)
    run_as_owner(";\n".join(statements), copy)
    original, made = describe(scratch), describe(copy)
    for kind, lines in original.items():
        assert made[kind] == lines, kind
    assert not any(scratch in statement for statement in statements)


@pytest.mark.parametrize(
    "unknown",
    [
        "CREATE VIEW v AS SELECT 1",
        "CREATE SEQUENCE s",
        "CREATE TYPE mood AS ENUM ('good')",
        "CREATE DOMAIN d AS int",
        "CREATE TABLE p (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE a (id int); CREATE TABLE b () INHERITS (a)",
        "CREATE UNLOGGED TABLE u (id int)",
        "CREATE TABLE f (id int) WITH (fillfactor = 50)",
        "CREATE TABLE r (id int); ALTER TABLE r ENABLE ROW LEVEL SECURITY",
        "CREATE AGGREGATE agg (int) (SFUNC = int4pl, STYPE = int)",
        "CREATE TABLE s (a int, b int); CREATE STATISTICS st ON a, b FROM s",
    ],
)
def test_what_the_reader_does_not_know_it_refuses(scratch: str, unknown: str) -> None:
    run_as_owner(f'CREATE SCHEMA "{scratch}"')
    run_as_owner(unknown, scratch)
    with pytest.raises(UnknownObjectError):
        read_ddl(connections["owner"], scratch)
