"""What the application's database login may do with each table.

The owner makes tables; the application reads and writes rows. A model that allows less says so:
`application_may = ("SELECT", "INSERT")` makes its table append-only for the application.
"""

from collections.abc import Container, Iterable

from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from tenants.backend.base import SHARED_SCHEMA

EVERYTHING = ("SELECT", "INSERT", "UPDATE", "DELETE")


def application_role() -> str:
    """Return the name of the application's database login."""
    return str(settings.PORTAL_APPLICATION_ROLE)


def grant_application(
    connection: BaseDatabaseWrapper, *, schema: str | None, labels: Iterable[str]
) -> None:
    """Give the application its rights on a schema's tables, and take what it must not have.

    `schema` None is the shared one; `labels` are the apps whose tables stand in it. Run by the
    owner after migrations and at provisioning; doing it again changes nothing.
    """
    names = {
        "schema": sql.Identifier(schema or SHARED_SCHEMA),
        "role": sql.Identifier(application_role()),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema or SHARED_SCHEMA]
        )
        tables = {row[0] for row in cursor.fetchall()}
        for statement in grant_statements(labels, tables):
            cursor.execute(sql.SQL(statement).format(**names))


def grant_statements(labels: Iterable[str], tables: Container[str]) -> list[str]:
    """Return the statements for the tables that are there, with {schema} and {role} left open."""
    statements = [
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        'REVOKE INSERT, UPDATE, DELETE ON {schema}."django_migrations" FROM {role}',
    ]
    for table, rights in sorted(_restricted(labels).items()):
        if table not in tables:
            continue
        withheld = ", ".join(right for right in EVERYTHING if right not in rights)
        statements.append(f'REVOKE {withheld} ON {{schema}}."{table}" FROM {{role}}')
    return statements


def _restricted(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    wanted = set(labels)
    return {
        model._meta.db_table: model.application_may
        for model in apps.get_models(include_auto_created=True)
        if hasattr(model, "application_may") and model._meta.app_label in wanted
    }
