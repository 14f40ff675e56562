"""Queries whose text is made once, for statements that nearly every request sends.

Putting a query together and compiling it costs Django several times what sending it costs
(docs/adr/0020).
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import randbits, token_hex
from threading import Lock
from typing import Any, Generic, TypeVar, cast
from uuid import UUID, uuid4

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import UpdateQuery
from django.db.transaction import TransactionManagementError
from psycopg import Binary, sql

Row = TypeVar("Row")
Value = str | bytes | int | datetime | UUID
Columns = tuple[Any, ...]
_PLACE = re.compile("%[s%]")


class CompiledQuery(Generic[Row]):
    """A query of tables of the shared schema, of which only the values change.

    `build` gets the values by name and returns the rows, unread; it is called once, with values
    that stand in for others, and must not look at them. What else the text depends on is settled
    when the first request comes (which facts apps have registered), or is what `given` returns (how
    contracts are configured): another answer makes the text anew. Values are never None and no
    lists: these would change the text.
    """

    def __init__(
        self,
        build: Callable[..., "QuerySet[Any, Row]"],
        *,
        given: Callable[[], object] = lambda: None,
    ) -> None:
        self._build = build
        self._given = given
        self._made: _Made | None = None
        self._lock = Lock()

    def all(self, **values: Value) -> list[Row]:
        """Read the rows now. Raises ValueError for a value that the text does not hold."""
        given, made = self._given(), self._made
        if made is None or made.given != given:
            with self._lock:
                made = self._made
                if made is None or made.given != given:
                    made = self._made = _Made(self._build, values, given)
        return made.rows(values)

    def first(self, **values: Value) -> Row | None:
        """Read the first row, or None; `build` says what is first and that one is enough."""
        rows = self.all(**values)
        return rows[0] if rows else None


class CompiledUpdate:
    """An UPDATE of tables of the shared schema, of which only the values change.

    `build` returns the rows and `changes` what is set in them; both get the values by name, as
    `CompiledQuery` says.
    """

    def __init__(
        self,
        build: Callable[..., "QuerySet[Any, Any]"],
        changes: Callable[..., dict[str, Any]],
    ) -> None:
        self._build, self._changes = build, changes
        self._made: _Text | None = None

    def update(self, **values: Value) -> int:
        """Change the rows now, and return how many there were."""
        # Two threads may both make the text the first time: it is the same.
        made = self._made = self._made or self._make(values)
        with made.sent(values, connections[made.using]) as cursor:
            return int(cursor.rowcount)

    def _make(self, values: dict[str, Value]) -> "_Text":
        stand_ins = {name: _stand_in(value) for name, value in values.items()}
        queryset = self._build(**stand_ins)
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(self._changes(**stand_ins))
        return _Text(query.get_compiler(using=queryset.db), stand_ins)


class _Text:
    """The text of a statement and where its values go."""

    def __init__(self, compiler: SQLCompiler, stand_ins: dict[str, Value]) -> None:
        self.using = str(compiler.using)
        text, params = compiler.as_sql()
        named = [_name_of(param, stand_ins) for param in params]
        self._names = [name for name in named if name is not None]
        self._text = _with_fixed_values(text, named, params, connections[self.using])
        missing = stand_ins.keys() - set(self._names)
        if missing:
            raise ValueError(f"The query's text holds no value of its own for {sorted(missing)}.")

    @contextmanager
    def sent(
        self, values: dict[str, Value], connection: BaseDatabaseWrapper
    ) -> Iterator[CursorWrapper]:
        """Send the text with some values; the cursor has what came back."""
        with connection.cursor() as cursor:
            cursor.execute(self._text, [values[name] for name in self._names])
            yield cursor


class _Made:
    """The text of a query, and how rows become what `build` returns."""

    def __init__(
        self, build: Callable[..., "QuerySet[Any, Any]"], values: dict[str, Value], given: object
    ) -> None:
        self.given = given
        stand_ins = {name: _stand_in(value) for name, value in values.items()}
        queryset = build(**stand_ins)
        self._locks = bool(queryset.query.select_for_update)
        compiler = queryset.query.get_compiler(using=queryset.db)
        self._text = _Text(compiler, stand_ins)
        self._converters = _converters(compiler)
        self._as_build_says = _row_maker(queryset, compiler)

    def rows(self, values: dict[str, Value]) -> list[Any]:
        """Send the text with some values and return what the queryset would."""
        connection = connections[self._text.using]
        if self._locks and connection.get_autocommit():
            raise TransactionManagementError("Rows are locked inside a transaction alone.")
        with self._text.sent(values, connection) as cursor:
            found = cursor.fetchall()
        if self._converters:
            found = [self._converted(row, connection) for row in found]
        return [self._as_build_says(row) for row in found]

    def _converted(self, row: Columns, connection: BaseDatabaseWrapper) -> Columns:
        """Make a row's values Python's, where psycopg has not done so: Django asks the fields."""
        values = list(row)
        for place, (converters, expression) in self._converters.items():
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return tuple(values)


def _with_fixed_values(
    text: str, named: list[str | None], params: Any, connection: BaseDatabaseWrapper
) -> str:
    """Return the text with the values that never change in it, as psycopg writes them each time."""
    connection.ensure_connection()
    given = iter(zip(named, params, strict=True))

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        name, param = next(given)
        if name is not None:
            return found[0]
        return sql.Literal(param).as_string(connection.connection).replace("%", "%%")

    return _PLACE.sub(place, text)


def _converters(compiler: SQLCompiler) -> dict[int, Any]:
    expressions = [expression for expression, *_ in compiler.select[: compiler.col_count]]
    if compiler.has_composite_fields(expressions):
        raise ValueError("A key of several columns is not put together here.")
    found: dict[int, Any] = compiler.get_converters(expressions)
    return found


def _row_maker(queryset: "QuerySet[Any, Any]", compiler: SQLCompiler) -> Callable[[Columns], Any]:
    """Return what turns a row into a tuple or a model, as Django's iterables do.

    They settle for each query anew which column goes where.
    """
    kind = queryset._iterable_class  # noqa: SLF001
    if kind is ValuesListIterable:
        return tuple
    if kind is not ModelIterable:
        raise ValueError("A compiled query returns models or tuples.")
    about: dict[str, Any] = cast("dict[str, Any]", compiler.klass_info)
    model, places = about["model"], about["select_fields"]
    own = slice(places[0], places[-1] + 1)
    names = [column[0].target.attname for column in compiler.select[own]]
    related = get_related_populators(about, compiler.select, queryset.db)  # type: ignore[call-arg]
    annotations = list((compiler.annotation_col_map or {}).items())

    def as_model(row: Columns) -> Any:
        made = model.from_db(queryset.db, names, row[own])
        for other in related:
            other.populate(row, made)
        for name, place in annotations:
            setattr(made, name, row[place])
        return made

    return as_model


def _stand_in(value: Value) -> Value:
    """Return a value of the same kind that occurs nowhere else."""
    match value:
        case str():
            return token_hex(16)
        case bytes():
            return token_hex(16).encode()
        case UUID():
            return uuid4()
        case datetime():
            return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=randbits(48))
        case _:
            return randbits(30) | 1 << 29


def _name_of(param: object, stand_ins: dict[str, Value]) -> str | None:
    # Django wraps numbers and bytes in classes of psycopg.
    if isinstance(param, Binary):
        param = param.obj
    found = (name for name, value in stand_ins.items() if isinstance(param, type(value)))
    return next((name for name in found if stand_ins[name] == param), None)
