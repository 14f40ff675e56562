"""The two logins of the portal and its database: an owner that makes tables, an application.

Neither is a superuser. The application makes nothing; what it may do with each table the owner
says after migrating (tenants.rights).
"""

from typing import LiteralString

import psycopg
from psycopg import sql

from config.embedded.places import APPLICATION, DATABASE, OWNER, Addresses

_GRANTS: tuple[LiteralString, ...] = (
    "ALTER DATABASE {database} OWNER TO {owner}",
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {application}",
    "ALTER SCHEMA public OWNER TO {owner}",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {application}",
)


def ensure_roles(servers: Addresses) -> None:
    """Make the owner's and the application's login when they are missing."""
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        for role in (OWNER, APPLICATION):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB").format(
                        sql.Identifier(role)
                    )
                )


def ensure_database(servers: Addresses, name: str = DATABASE) -> None:
    """Make the database `name` when it is missing, and see to its owner and its grants."""
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(OWNER)
                )
            )
    with psycopg.connect(servers.superuser_url, dbname=name, autocommit=True) as connection:
        for statement in _GRANTS:
            connection.execute(
                sql.SQL(statement).format(
                    database=sql.Identifier(name),
                    owner=sql.Identifier(OWNER),
                    application=sql.Identifier(APPLICATION),
                )
            )
