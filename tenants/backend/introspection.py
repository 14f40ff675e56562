"""What tables the schema in hand has, without those of the shared schema behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql.introspection import DatabaseIntrospection

from tenants.context import current_schema, schema_scope


@contextmanager
def _alone() -> Iterator[None]:
    """Look at one schema: the stock queries ask what is visible on the path."""
    schema = current_schema()
    if schema is None:
        yield
        return
    with schema_scope(schema):
        yield


class SchemaIntrospection(DatabaseIntrospection):
    """The stock introspection on the schema in hand alone.

    The library's does the same with `SET search_path` as text, which this backend refuses.
    """

    def get_table_list(self, cursor: Any) -> list[Any]:
        """Return the tables and views."""
        with _alone():
            return super().get_table_list(cursor)

    def get_table_description(self, cursor: Any, table_name: str) -> list[Any]:
        """Return the columns of a table."""
        with _alone():
            return super().get_table_description(cursor, table_name)

    def get_sequences(self, cursor: Any, table_name: str, table_fields: Any = ()) -> list[Any]:
        """Return the sequences of a table."""
        with _alone():
            return super().get_sequences(cursor, table_name, table_fields)

    def get_relations(self, cursor: Any, table_name: str) -> dict[str, Any]:
        """Return the foreign keys of a table."""
        with _alone():
            return super().get_relations(cursor, table_name)

    def get_constraints(self, cursor: Any, table_name: str) -> dict[str, Any]:
        """Return the constraints and indexes of a table."""
        with _alone():
            return super().get_constraints(cursor, table_name)
