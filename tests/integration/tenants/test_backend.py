"""The connection stands on the schema of the contract in hand, or it does not answer.

Each test names a behaviour of the stock library that is not accepted (docs/design.md, section 6).
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from typing import Any, cast
from unittest import mock

import psycopg
import pytest
from django.db import DatabaseError, InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from contracts.roster.models import RosterEntry
from tenants.context import contract_context
from tenants.errors import ContractSwitchError, RawTransactionError, TenancyError
from tests.integration.tenants.conftest import Two
from tests.integration.tenants.helpers import (
    current_path,
    in_thread,
    portal_connection,
    schema_of_query,
    switches_so_far,
)


def test_without_a_contract_only_the_shared_schema_is_seen(two: Two) -> None:
    assert schema_of_query() == "public"
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM contracts_roster_rosterentry")


def test_in_a_contract_its_schema_comes_first_and_temporary_tables_last(two: Two) -> None:
    with contract_context(two.one):
        assert schema_of_query() == two.one.schema_name
        assert current_path() == f"{two.one.schema_name}, public, pg_temp"


def test_the_path_is_set_once_per_switch_and_not_once_per_query(two: Two) -> None:
    with contract_context(two.one):
        schema_of_query()
        switches = switches_so_far()
        for _ in range(20):
            schema_of_query()
        assert switches_so_far() == switches
        with contract_context(None):
            schema_of_query()
            schema_of_query()
        assert switches_so_far() == switches + 1
    assert schema_of_query() == "public"
    assert switches_so_far() == switches + 1


def test_entering_a_contract_without_a_query_costs_no_statement(two: Two) -> None:
    schema_of_query()
    switches = switches_so_far()
    with contract_context(two.one):
        pass
    schema_of_query()
    assert switches_so_far() == switches


def test_a_cursor_opened_before_the_switch_follows_it(two: Two) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == ("public",)
        with contract_context(two.one):
            cursor.execute("SELECT current_schema()")
            assert cursor.fetchone() == (two.one.schema_name,)
        cursor.executemany("SELECT current_schema(), %s", [(1,)])
        assert current_path() == "public, pg_temp"


def test_copy_reaches_the_contract_in_hand(two: Two) -> None:
    with connection.cursor() as cursor:
        for contract in (*two, two.one):
            with (
                contract_context(contract),
                cursor.copy(
                    "COPY (SELECT contract_id FROM tenants_identity_schemaidentity) TO STDOUT"
                ) as copy,
            ):
                assert list(copy.rows()) == [(str(contract.id),)]


def test_a_raw_psycopg_cursor_is_guarded_too(two: Two) -> None:
    schema_of_query()
    with contract_context(two.one), connection.connection.cursor() as raw:
        raw.execute("SELECT current_schema()")
        assert raw.fetchone() == (two.one.schema_name,)


def test_a_failed_set_raises_and_the_query_does_not_run(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stock: a failed SET search_path is swallowed, and the query runs in the former contract."""
    with contract_context(two.one):
        schema_of_query()
    monkeypatch.setattr("tenants.backend.base.sent_bare", lambda _connection, _text: False)
    monkeypatch.setattr(
        "tenants.backend.base.ClientCursor", _failing_cursor(psycopg.OperationalError("no"))
    )
    with contract_context(two.other), connection.cursor() as cursor:
        with pytest.raises(DatabaseError):
            cursor.execute("CREATE TEMPORARY TABLE proof (id int)")
        monkeypatch.undo()
        cursor.execute("SELECT to_regclass('proof')")
        assert cursor.fetchone() == (None,)
    with contract_context(two.other):
        assert schema_of_query() == two.other.schema_name


def test_a_path_that_the_server_refuses_raises_what_it_says(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.backend.base._text_of", lambda _path: 'SET search_path = "')
    connection.close()
    with contract_context(two.one), pytest.raises(DatabaseError, match="unterminated"):
        schema_of_query()
    monkeypatch.undo()
    with contract_context(two.one):
        assert schema_of_query() == two.one.schema_name


def test_the_first_path_of_a_transaction_goes_with_it(two: Two) -> None:
    """Set before BEGIN it would outlast the rollback."""
    connection.close()
    with contract_context(two.one), transaction.atomic():
        assert schema_of_query() == two.one.schema_name
        transaction.set_rollback(True)
    with connection.connection.cursor() as raw:
        raw.connection.portal_guard = None
        raw.execute("SELECT current_schema()")
        assert raw.fetchone() == ("public",)


def test_a_savepoint_in_an_aborted_transaction_raises_what_the_server_says(two: Two) -> None:
    with transaction.atomic():
        with pytest.raises(DatabaseError, match="nowhere"):
            connection.cursor().execute("SELECT * FROM nowhere")
        with pytest.raises(DatabaseError, match="aborted"):
            portal_connection()._savepoint("s1")
        transaction.set_rollback(True)


def test_who_watches_the_statements_sees_savepoints_among_them(two: Two) -> None:
    with CaptureQueriesContext(connection) as seen, transaction.atomic(), transaction.atomic():
        assert schema_of_query() == "public"
    kinds = [one["sql"].split()[0] for one in seen.captured_queries]
    assert [kind for kind in kinds if kind in {"SAVEPOINT", "RELEASE"}] == ["SAVEPOINT", "RELEASE"]


def _failing_cursor(error: Exception) -> type:
    class Failing:
        def __init__(self, _connection: object) -> None: ...

        def __enter__(self) -> "Failing":
            return self

        def __exit__(self, *args: object) -> None: ...

        def execute(self, _statement: object) -> None:
            raise error

    return Failing


def test_a_rollback_forgets_the_path(two: Two) -> None:
    """Stock before 4.0: the server reverts the SET, the library does not notice."""
    schema_of_query()
    with contract_context(two.one):
        with transaction.atomic():
            assert schema_of_query() == two.one.schema_name
            transaction.set_rollback(True)
        assert current_path() == "public, pg_temp"
        assert schema_of_query() == two.one.schema_name


def test_a_rollback_to_a_savepoint_forgets_the_path(two: Two) -> None:
    with transaction.atomic():
        schema_of_query()
        with contract_context(two.one):
            with transaction.atomic():
                assert schema_of_query() == two.one.schema_name
                transaction.set_rollback(True)
            assert schema_of_query() == two.one.schema_name
        assert schema_of_query() == "public"


def test_a_commit_that_the_server_turns_into_a_rollback_forgets_the_path(two: Two) -> None:
    schema_of_query()
    with contract_context(two.one):
        with transaction.atomic():
            assert schema_of_query() == two.one.schema_name
            with pytest.raises(ProgrammingError), connection.cursor() as cursor:
                cursor.execute("SELECT * FROM there_is_no_such_table")
        assert current_path() == "public, pg_temp"
        assert schema_of_query() == two.one.schema_name


def test_in_an_aborted_transaction_nothing_is_set_and_the_statement_fails(two: Two) -> None:
    schema_of_query()
    with transaction.atomic():
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM there_is_no_such_table")
        switches = switches_so_far()
        with contract_context(two.one), pytest.raises(InternalError):
            schema_of_query()
        assert switches_so_far() == switches
        transaction.set_rollback(True)
    with contract_context(two.one):
        assert schema_of_query() == two.one.schema_name


def test_one_transaction_cannot_touch_two_contracts(two: Two) -> None:
    with transaction.atomic():
        with contract_context(two.one):
            schema_of_query()
        schema_of_query()
        with contract_context(two.other), pytest.raises(ContractSwitchError):
            schema_of_query()
    with transaction.atomic(), contract_context(two.other):
        assert schema_of_query() == two.other.schema_name


def test_a_decorated_service_may_run_in_one_contract_after_the_other(two: Two) -> None:
    @transaction.atomic
    def service() -> str:
        return schema_of_query()

    for contract in (*two, two.one):
        with contract_context(contract):
            assert service() == contract.schema_name


@pytest.mark.parametrize("autocommit_off", [False, True])
def test_a_transaction_without_a_block_is_bound_too(two: Two, autocommit_off: bool) -> None:
    connection.set_autocommit(not autocommit_off)
    try:
        with contract_context(two.one):
            schema_of_query()
        with contract_context(two.other), ExitStack() as stack:
            if autocommit_off:
                stack.enter_context(pytest.raises(ContractSwitchError))
            schema_of_query()
        if autocommit_off:
            connection.rollback()
            with contract_context(two.other):
                assert schema_of_query() == two.other.schema_name
            connection.rollback()
    finally:
        connection.set_autocommit(True)


def test_text_that_steers_the_transaction_is_not_sent(two: Two) -> None:
    with contract_context(two.one), connection.cursor() as cursor:
        for text in ("ROLLBACK", "SET search_path = public", "SELECT 1; COMMIT"):
            with pytest.raises(RawTransactionError):
                cursor.execute(text)
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == (two.one.schema_name,)


OWN_WAYS: dict[str, Callable[[Any], object]] = {
    "rollback": lambda raw: raw.rollback(),
    "commit": lambda raw: raw.commit(),
    "transaction": lambda raw: raw.transaction().__enter__(),
    "with": lambda raw: raw.__exit__(None, None, None),
    "pipeline": lambda raw: raw.pipeline().__enter__(),
    "tpc_begin": lambda raw: raw.tpc_begin("x"),
    "tpc_commit": lambda raw: raw.tpc_commit(),
    "tpc_rollback": lambda raw: raw.tpc_rollback(),
    "in a block of text": lambda raw: raw.execute(
        "DO $$ BEGIN EXECUTE 'SET search' || '_path = public'; END $$"
    ),
}


@pytest.mark.parametrize("way", OWN_WAYS)
def test_psycopgs_own_ways_to_end_a_transaction_are_refused(two: Two, way: str) -> None:
    """Stock: the server takes the path back, and one contract's rows are read in the other."""
    with contract_context(two.other):
        schema_of_query()
    with contract_context(two.one), transaction.atomic():
        assert schema_of_query() == two.one.schema_name
        with pytest.raises(RawTransactionError):
            OWN_WAYS[way](connection.connection)
        assert schema_of_query() == two.one.schema_name
    with contract_context(two.other):
        assert schema_of_query() == two.other.schema_name


def test_the_library_ways_to_switch_raise(two: Two) -> None:
    with pytest.raises(TenancyError):
        portal_connection().set_schema(two.one.schema_name)
    with pytest.raises(TenancyError):
        portal_connection().set_tenant(two.one)


def test_a_new_thread_has_no_contract_and_cannot_read_one(two: Two) -> None:
    """Stock: a new thread starts on the public schema and reads whatever stands there."""
    with contract_context(two.one):
        assert in_thread(schema_of_query) == "public"
        with pytest.raises(TenancyError):
            in_thread(RosterEntry.objects.count)


def test_threads_do_not_share_their_contract(two: Two) -> None:
    """Stock: `with tenant:` and the decorators share their state between threads."""

    def other() -> str:
        with contract_context(two.other):
            return schema_of_query()

    with contract_context(two.one):
        schema_of_query()
        assert in_thread(other) == two.other.schema_name
        assert schema_of_query() == two.one.schema_name


def test_a_kept_connection_does_not_keep_the_last_contract(two: Two) -> None:
    """Stock: a persistent connection begins the next request in the contract of the last one."""
    with contract_context(two.one):
        schema_of_query()
        backend = connection.connection
    connection.close_if_unusable_or_obsolete()
    assert connection.connection is backend
    assert schema_of_query() == "public"


def test_a_new_connection_knows_nothing_of_the_old_ones_path(two: Two) -> None:
    with contract_context(two.one):
        schema_of_query()
        connection.close()
        assert schema_of_query() == two.one.schema_name


def test_a_server_side_cursor_reads_the_contract_in_which_it_was_opened(two: Two) -> None:
    with contract_context(two.one):
        expected = RosterEntry.objects.count()
        names = RosterEntry.objects.values_list("unit_key", flat=True)
        rows = names.iterator(chunk_size=2)
        with closing(cast("Generator[str]", rows)):
            first = next(rows)
            with contract_context(None):
                assert schema_of_query() == "public"
            assert 1 + sum(1 for _ in rows) == expected
            assert first


def test_a_temporary_table_does_not_shadow_a_contracts_table(two: Two) -> None:
    with contract_context(two.one):
        before = RosterEntry.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE contracts_roster_rosterentry (id int)")
        try:
            assert RosterEntry.objects.count() == before > 0
        finally:
            connection.close()


def test_the_application_login_is_not_the_owner_and_no_superuser(two: Two) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("portal_app", False)
        with pytest.raises(ProgrammingError):
            cursor.execute("CREATE TABLE made_by_the_application (id int)")
        with pytest.raises(ProgrammingError):
            cursor.execute("CREATE SCHEMA made_by_the_application")


def test_a_connection_is_asked_whether_it_lives_unless_it_answered_just_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrapper = portal_connection()
    asked = mock.Mock(return_value=True)
    monkeypatch.setattr(wrapper, "is_usable", asked)
    monkeypatch.setattr(wrapper, "health_check_enabled", True)
    for answered_ago, times in ((0.0, 0), (60.0, 1)):
        wrapper.health_check_done = False
        schema_of_query()
        wrapper.health_check_done = False
        wrapper.answered_at -= answered_ago
        asked.reset_mock()
        schema_of_query()
        assert asked.call_count == times
