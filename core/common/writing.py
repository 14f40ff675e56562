"""Rows of one act that lie in several tables, written by one statement."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.models.expressions import RawSQL

Text = tuple[str, Sequence[Any]]


def insert_together(*rows: Model, beside: Mapping[str, Text] | None = None) -> None:
    """Insert rows, in the caller's transaction; each has its key already.

    `beside` are statements that are sent with them, under names by which later ones may ask for
    what earlier ones return. Otherwise the parts of one statement do not see what the others do,
    so that no two may touch the same row. Foreign keys are compared at the end, in whatever order
    the rows go in. No signals are sent.
    """
    connection = transaction.get_connection()
    inserts = {f"row_{place}": _insert(row, connection) for place, row in enumerate(rows)}
    parts = dict(beside or {}) | inserts
    *others, (_, (last, last_values)) = parts.items()
    named = ", ".join(f"{name} AS ({text})" for name, (text, _) in others)
    values = [value for _, (_, some) in others for value in some]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} {last}" if named else last, [*values, *last_values])
    for row in rows:
        state = row._state  # noqa: SLF001 - as `Model.save` leaves it
        state.adding, state.db = False, connection.alias


def _insert(row: Model, connection: BaseDatabaseWrapper) -> Text:
    """Return the INSERT of a row; Django's own compiler takes several times as long."""
    places: list[str] = []
    values: list[Any] = []
    for field in row._meta.local_concrete_fields:
        value = field.pre_save(row, add=True)
        if isinstance(value, RawSQL):
            places.append(value.sql)
            values.extend(value.params)
            continue
        value = field.get_db_prep_save(value, connection=connection)
        if value is None:
            # psycopg keeps the text of statements that have few values; else it reads it each time.
            places.append("NULL")
            continue
        place = getattr(field, "get_placeholder", None)
        places.append(place(value, None, connection) if place else "%s")
        values.append(value)
    return f"{_into(type(row))} VALUES ({', '.join(places)})", values


@cache
def _into(model: type[Model]) -> str:
    quoted = transaction.get_connection().ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in model._meta.local_concrete_fields)
    return f"INSERT INTO {quoted(model._meta.db_table)} ({columns})"
