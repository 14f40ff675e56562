"""Migrations of many contracts: one deployer at a time, resumable, one failure stops no other."""

import re
import threading
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from tenants import registry
from tenants.migrating import deployer_lock, migrate_contracts
from tenants.models import Contract, schema_name_for
from tenants.provisioning import ensure_schema
from tenants.schema_level import is_behind, required_migrations
from tests.integration.tenants.catalogues import describe, migration_rows, run_as_owner

SLUGS = ("lag-one", "lag-two")


@pytest.fixture
def lagging(real_db: None) -> Iterator[list[Contract]]:
    """Two contracts whose schemas lack the newest migration of one app."""
    made = [
        Contract.objects.create(slug=slug, name=slug, schema_name=schema_name_for(slug))
        for slug in SLUGS
    ]
    for contract in made:
        ensure_schema(contract)
        _take_back(contract)
    yield made
    for contract in made:
        run_as_owner(f'DROP SCHEMA "{contract.schema_name}" CASCADE')
        contract.delete()


def _take_back(contract: Contract) -> None:
    """Undo the evidence app's migrations, as if the code were newer than the schema."""
    tables = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = %s"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"{tables} AND tablename LIKE 'contracts_evidence_%%'", [contract.schema_name]
        )
        (names,) = cursor.fetchone()
    run_as_owner(f"DROP TABLE {names} CASCADE", contract.schema_name)
    run_as_owner(
        "DELETE FROM django_migrations WHERE app = 'contracts_evidence'", contract.schema_name
    )
    level = dict(contract.schema_migrations)
    del level["contracts_evidence"]
    Contract.objects.filter(pk=contract.pk).update(schema_migrations=level)


def _levels() -> dict[str, bool]:
    rows = Contract.objects.filter(slug__in=SLUGS)
    return {row.slug: is_behind(row.schema_migrations) for row in rows}


def test_contracts_behind_the_code_are_brought_up_to_it(lagging: list[Contract]) -> None:
    assert _levels() == {"lag-one": True, "lag-two": True}
    results = {result.slug: result for result in migrate_contracts()}
    assert results["lag-one"].applied >= 1
    assert results["wv-bh"].applied == 0
    assert not any(result.error for result in results.values())
    assert _levels() == {"lag-one": False, "lag-two": False}
    whole = Contract.objects.get(slug="wv-bh").schema_name
    for contract in lagging:
        assert migration_rows(contract.schema_name) == migration_rows(whole)
        # The application's rights on new tables are there, too.
        assert describe(contract.schema_name)["relations"] == describe(whole)["relations"]


def test_running_again_changes_nothing(lagging: list[Contract]) -> None:
    migrate_contracts()
    assert all(result.applied == 0 for result in migrate_contracts())


def test_one_contracts_failure_stops_no_other_and_is_taken_up_by_the_next_run(
    lagging: list[Contract],
) -> None:
    in_the_way, _ = lagging
    table = "contracts_evidence_evidencerecord"
    run_as_owner(f"CREATE TABLE {table} (id int)", in_the_way.schema_name)
    results = {result.slug: result for result in migrate_contracts()}
    assert "already exists" in results["lag-one"].error
    assert results["lag-two"].applied >= 1
    assert _levels() == {"lag-one": True, "lag-two": False}
    run_as_owner(f"DROP TABLE {table}", in_the_way.schema_name)
    assert not any(result.error for result in migrate_contracts())
    assert _levels() == {"lag-one": False, "lag-two": False}


def test_the_command_names_the_contracts_that_failed(lagging: list[Contract]) -> None:
    run_as_owner("CREATE TABLE contracts_evidence_evidencerecord (id int)", lagging[0].schema_name)
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="lag-one"):
        call_command("migrate_portal", verbosity=0, stdout=out, stderr=err)
    assert re.search(r"lag-two: [1-9]\d* migrations", out.getvalue())
    assert "already exists" in err.getvalue()


def test_a_second_deployer_waits_for_the_first(real_db: None) -> None:
    order: list[str] = []

    def second() -> None:
        with deployer_lock():
            order.append("second")

    with deployer_lock():
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.3)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_a_deployer_that_dies_lets_go_of_the_lock(real_db: None) -> None:
    from tenants.backend.sessions import open_session
    from tenants.migrating import LOCK

    session = open_session("owner")
    session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    session.close()
    with deployer_lock():
        pass


def test_provisioning_waits_for_a_deployer(real_db: None) -> None:
    contract = Contract.objects.create(
        slug="lag-three", name="x", schema_name=schema_name_for("lag-three")
    )
    done = threading.Event()

    def provision() -> None:
        try:
            ensure_schema(contract)
        finally:
            connections.close_all()
            done.set()

    ensure_schema(Contract.objects.get(slug="wv-bh"))  # the template's text is there
    with deployer_lock():
        thread = threading.Thread(target=provision)
        thread.start()
        assert not done.wait(0.3)
    assert done.wait(10)
    thread.join()
    run_as_owner(f'DROP SCHEMA "{contract.schema_name}" CASCADE')
    contract.delete()


def test_the_shared_schema_holds_no_contract_table_and_the_other_way_round(real_db: None) -> None:
    with connection.cursor() as cursor:
        shared = set(connection.introspection.table_names(cursor))
    from tenants.context import contract_context

    with contract_context(registry.get_contract("wv-bh")), connection.cursor() as cursor:
        own = set(connection.introspection.table_names(cursor))
    assert shared & own == {"django_migrations"}
    assert any(name.startswith("contracts_roster_") for name in own)
    assert not any(name.startswith("contracts_roster_") for name in shared)


def test_the_librarys_own_command_is_out_of_use(real_db: None) -> None:
    with pytest.raises(CommandError, match="migrate_portal"):
        call_command("migrate_schemas")


def test_every_contract_app_has_a_required_migration() -> None:
    assert required_migrations().keys() >= {"tenants_identity", "contracts_roster"}
    assert not is_behind(required_migrations())
    assert is_behind({})
    assert is_behind({**required_migrations(), "contracts_roster": "0000_before"})
    assert not is_behind({**required_migrations(), "contracts_roster": "9999_later"})
