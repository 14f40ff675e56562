"""Which SQL texts may not be sent."""

import pytest
from psycopg import sql

from tenants.backend.statements import refuse_transaction_text
from tenants.errors import RawTransactionError

REFUSED = [
    "BEGIN",
    "begin isolation level serializable",
    "START TRANSACTION",
    "COMMIT",
    "END",
    "  ROLLBACK",
    "ROLLBACK TO SAVEPOINT s1",
    "ABORT",
    "SAVEPOINT s1",
    "RELEASE SAVEPOINT s1",
    "PREPARE TRANSACTION 'x'",
    "DISCARD ALL",
    "RESET ALL",
    "reset search_path",
    "SET search_path = public",
    'SET LOCAL search_path TO "t_other"',
    "set session search_path = t_other",
    "SET SCHEMA 't_other'",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SELECT set_config('search_path', 't_other', false)",
    "select SET_CONFIG( 'search_path', 't_other', true)",
    "SELECT 1; COMMIT",
    "SELECT 1;\n-- and now\nROLLBACK",
    "/* quiet */ COMMIT",
    "SELECT set_config(/* quiet */ 'search_path', 't_other', false)",
    "SELECT set_config(%s, %s, false)",
    "SELECT set_config(%(name)s, 't_other', false)",
    "SELECT set_config(name, value, false) FROM (VALUES ('a', 'b')) AS given (name, value)",
    "SELECT set_config('search' || '_path', 't_other', false)",
    "SELECT set_config(E'search\\x5fpath', 't_other', false)",
    "SELECT set_config($$search_path$$, 't_other', false)",
    "SELECT set_config('TimeZone', 'UTC', false), set_config(%s, %s, false)",
    "SELECT set_config(setting_name => 'search_path', new_value => %s, is_local => false)",
    "SELECT \"set_config\"('search_path', 't_other', false)",
    "SELECT U&\"set!005fconfig\" UESCAPE '!' ('search_path', 't_other', false)",
    "UPDATE pg_settings SET setting = %s WHERE name = %s",
    "UPDATE pg_catalog.pg_settings SET setting = %s WHERE name = %s",
    'SET "search_path" = t_other',
    'RESET "search_path"',
    "-- quiet\nCOMMIT",
    "DO $$ BEGIN PERFORM 1; COMMIT; END $$",
    "DO $$ BEGIN SET search_path = t_other; END $$",
    "DO $$ BEGIN EXECUTE 'SET search' || '_path = t_other'; END $$",
    "DO $body$ BEGIN execute format('SET %s = t_other', 'search' || '_path'); END $body$",
    "DO LANGUAGE plpgsql 'BEGIN EXECUTE ''SET search'' || ''_path = t_other''; END'",
    "/* quiet */ DO $$ BEGIN EXECUTE convert_from('\\x00'::bytea, 'UTF8'); END $$",
    "SELECT 1; DO $$ BEGIN EXECUTE 'COMM' || 'IT'; END $$",
    "DO $$ BEGIN PERFORM set_config('search' || '_path', 't_other', false); END $$",
    "DO $$ BEGIN UPDATE pg_settings SET setting = 't_other'; END $$",
    "PREPARE p AS SELECT set_config($1, $2, false)",
    "SELECT query_to_xml('SELECT set_con' || 'fig(...)', true, true, '')",
    "SELECT \"query_to_xml\"($1, true, true, '')",
    "SELECT query_to_xml_and_xmlschema(%s, true, true, '')",
    b"COMMIT",
    sql.SQL("SET search_path = {}").format(sql.Identifier("t_other")),
]

ALLOWED = [
    "SELECT 1",
    "SELECT 'COMMIT; ROLLBACK'",
    'SELECT "end" FROM "begin"',
    "UPDATE t SET ended = true",
    "SELECT committed FROM t WHERE rollback_at IS NULL",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $b$ BEGIN RETURN NEW; END $b$",
    "CREATE TABLE a (id int); CREATE TABLE b (id int)",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SHOW search_path",
    "SELECT set_config('TimeZone', %s, false)",
    "SELECT set_config('portal.actor', %s, true)",
    "SELECT 'set_config(%s, %s)'",
    "SELECT setting FROM pg_settings WHERE name = 'search_path'",
    "SELECT 1 -- not a quote: it's a comment\n, 2",
    "CREATE TABLE t (id int) /* ; COMMIT */",
    "SELECT E'it\\'s; COMMIT'",
    "DO $$ BEGIN PERFORM 1; END $$",
    "EXECUTE p(1)",
    "SELECT executed FROM t WHERE query_to_xmls = 1",
    "SELECT 'query_to_xml(...)'",
    sql.SQL("SELECT {}").format(sql.Literal("x; COMMIT")),
]


@pytest.mark.parametrize("statement", REFUSED, ids=str)
def test_text_that_steers_the_transaction_or_the_path_is_refused(statement: object) -> None:
    with pytest.raises(RawTransactionError):
        refuse_transaction_text(statement)


@pytest.mark.parametrize("statement", ALLOWED, ids=str)
def test_ordinary_statements_pass(statement: object) -> None:
    refuse_transaction_text(statement)
