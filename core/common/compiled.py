"""Queries whose text is made once, for statements that nearly every request sends.

Putting a query together and compiling it costs Django several times what sending it costs
(docs/adr/0020).
"""

from collections.abc import Callable, Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import cached_property
from secrets import randbits, token_hex
from threading import Lock
from types import SimpleNamespace
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")
Value = str | bytes | int | datetime | UUID


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
        return list(made.rows(values))

    def first(self, **values: Value) -> Row | None:
        """Read the first row, or None; `build` says what is first and that one is enough."""
        rows = self.all(**values)
        return rows[0] if rows else None


class _Made:
    """The text of a query, where its values go, and how rows become what `build` returns."""

    def __init__(
        self, build: Callable[..., "QuerySet[Any, Any]"], values: dict[str, Value], given: object
    ) -> None:
        self.given = given
        stand_ins = {name: _stand_in(value) for name, value in values.items()}
        self._queryset = build(**stand_ins)
        self._compiler: SQLCompiler = self._queryset.query.get_compiler(using=self._queryset.db)
        self._locks = bool(self._queryset.query.select_for_update)
        self._text, params = self._compiler.as_sql()
        self._places = [_name_of(param, stand_ins) for param in params]
        self._fixed = tuple(params)
        self._converters: dict[int, Any] | None = None
        missing = stand_ins.keys() - set(self._places)
        if missing:
            raise ValueError(f"The query's text holds no value of its own for {sorted(missing)}.")

    def rows(self, values: dict[str, Value]) -> Iterator[Any]:
        """Send the text with some values and yield what the queryset would."""
        compiler = copy(self._compiler)
        compiler.connection = connections[self._queryset.db]
        if self._locks and compiler.connection.get_autocommit():
            raise TransactionManagementError("Rows are locked inside a transaction alone.")
        params = tuple(
            fixed if name is None else values[name]
            for name, fixed in zip(self._places, self._fixed, strict=True)
        )
        compiler.as_sql = lambda *_args, **_named: (self._text, params)  # type: ignore[method-assign, assignment]
        compiler.get_converters = self._get_converters  # type: ignore[method-assign]
        query = _Ready(self._queryset.query, compiler)
        source: Any = SimpleNamespace(**self._source, query=query)
        as_rows: Any = self._queryset._iterable_class  # noqa: SLF001
        yield from as_rows(source)

    def _get_converters(self, expressions: Any) -> Any:
        """Return what makes a row's values Python's: with the text it is the same each time."""
        if self._converters is None:
            self._converters = self._compiler.get_converters(expressions)
        return self._converters

    @cached_property
    def _source(self) -> dict[str, Any]:
        """What Django's iterables ask of a queryset besides its query."""
        queryset: Any = self._queryset
        return {
            "db": queryset.db,
            "model": queryset.model,
            "_fields": queryset._fields,
            "_known_related_objects": {},
            "_hints": {},
        }


class _Ready:
    """The query of a queryset, which has its compiler already."""

    def __init__(self, query: Any, compiler: SQLCompiler) -> None:
        self._query, self._compiler = query, compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)

    def get_compiler(self, *_args: object, **_named: object) -> SQLCompiler:
        """Return the compiler whose text is made."""
        return self._compiler


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
    found = (name for name, value in stand_ins.items() if type(param) is type(value))
    return next((name for name in found if stand_ins[name] == param), None)
