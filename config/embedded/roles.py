"""The two logins of the portal and its database: an owner that makes tables, an application.

Neither is a superuser. The application reads and writes rows and makes nothing; what a table
takes away from it (the audit's history, for one) its own migration says.
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
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SCHEMAS TO {application}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT ON TABLES TO {application}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT INSERT, UPDATE ON TABLES TO {application}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT DELETE ON TABLES TO {application}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {application}",
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
