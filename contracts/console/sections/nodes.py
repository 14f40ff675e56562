"""What is typed for a document, and back again.

Three ways through one tree, and each goes by the same names: `typed` turns a document's JSON into
what stands in the inputs, `value` turns what was posted into JSON, and `place` finds the input at
which an error of the model is told. An input is called by the path of its field with hyphens, as
in `registration-limits-window_minutes`. Nothing here is judged: whatever was typed finds its way
into the JSON, and the model says what is wrong with it.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tenants.configuration.values import MOST_ENTRIES

Typed = Mapping[str, Sequence[str]]
"""What stands in the inputs by name, as a browser posts it."""
Path = tuple[int | str, ...]
"""Where a value stands in a document: names of fields, and places in lists from 0."""
Look = Literal["line", "text", "number", "yes", "date", "moment", "one", "some", "lines"]
"""What kind of input a leaf is drawn as."""

MOST_ROWS: Final = MOST_ENTRIES
"""Rows of one list that are shown. A list that is longer in a file is not saved from a form."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*", re.DOTALL)
_EMPTY_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class About:
    """What the model says of one field."""

    path: str
    """Its dotted name without places in lists, as in `support.phone`."""
    help: str = ""
    default: Any = None
    """As JSON; None where there is none."""
    can_be_empty: bool = False
    unit: str = ""
    least: int | None = None
    most: int | None = None
    longest: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node(ABC):
    """A part of a document that is typed."""

    about: About

    @abstractmethod
    def typed(self, value: Any, at: str) -> Iterator[tuple[str, list[str]]]:
        """Return what stands in the inputs for a value; None is one that is not there."""

    @abstractmethod
    def value(self, typed: Typed, at: str) -> Any:
        """Return the JSON of what was typed."""

    @abstractmethod
    def inputs(self, typed: Typed, at: str) -> Iterator[tuple[str, "Node"]]:
        """Return the inputs that there are for what was typed, by name, from the top."""

    @abstractmethod
    def place(self, path: Path, typed: Typed, at: str, sentence: str = "") -> str:
        """Return the input that a path leads to, or the closest one before it.

        Of a sentence about a whole table the first field counts that it names.
        """


@dataclass(frozen=True)
class Leaf(Node):
    """One input: a text, until a subclass knows better."""

    look: Look = "line"

    def typed(self, value: Any, at: str) -> Iterator[tuple[str, list[str]]]:
        """Return the one input."""
        yield at, self.to_typed(self.about.default if value is None else value)

    def value(self, typed: Typed, at: str) -> Any:
        """Return what the one input says."""
        return self.from_typed(typed.get(at, ()))

    def inputs(self, typed: Typed, at: str) -> Iterator[tuple[str, Node]]:
        """Return the one input."""
        yield at, self

    def place(self, path: Path, typed: Typed, at: str, sentence: str = "") -> str:
        """Return the one input, whatever is below it."""
        return at

    def to_typed(self, value: Any) -> list[str]:
        """Return a value as it is typed."""
        return [] if value is None else [str(value)]

    def from_typed(self, given: Sequence[str]) -> Any:
        """Return what was typed as JSON. A text that must be there is empty, not absent."""
        text = text_of(given)
        return None if self.about.can_be_empty and not text.strip() else text


class NumberLeaf(Leaf):
    """A whole number. What is none stays a text, and the model says so."""

    def from_typed(self, given: Sequence[str]) -> Any:
        """Return the number, or what was typed in place of one."""
        return number_of(text_of(given).strip())


class DateLeaf(Leaf):
    """A day or a moment. Bare digits stay apart: pydantic would read them as seconds since 1970."""

    def from_typed(self, given: Sequence[str]) -> Any:
        """Return the text of the date, or a list with what was typed in place of one."""
        text = text_of(given).strip()
        if not text:
            return None
        return text if _DATE.fullmatch(text) else [text]


class YesLeaf(Leaf):
    """A box to tick."""

    def to_typed(self, value: Any) -> list[str]:
        """Return what a ticked box posts, or nothing."""
        return ["on"] if value is True else []

    def from_typed(self, given: Sequence[str]) -> bool:
        """Tell whether it was ticked."""
        return bool(given)


class SomeLeaf(Leaf):
    """Boxes, of which some are ticked. Their order counts: it is the one on the page."""

    def to_typed(self, value: Any) -> list[str]:
        """Return what is ticked."""
        return [str(item) for item in value] if isinstance(value, list | tuple) else []

    def from_typed(self, given: Sequence[str]) -> list[str]:
        """Return what was ticked, from the top of the page."""
        return list(given)


@dataclass(frozen=True)
class LinesLeaf(Leaf):
    """A list of texts or numbers, one on a line; paragraphs are parted by empty lines."""

    numbers: bool = False
    paragraphs: bool = False

    def to_typed(self, value: Any) -> list[str]:
        """Return the list as one text."""
        between = "\n\n" if self.paragraphs else "\n"
        items = value if isinstance(value, list | tuple) else []
        return [between.join(str(item) for item in items)]

    def from_typed(self, given: Sequence[str]) -> list[Any]:
        """Return the entries that are not empty."""
        text = text_of(given)
        parts = _EMPTY_LINES.split(text) if self.paragraphs else text.split("\n")
        items = [part.strip(" \t\n") for part in parts if part.strip()]
        return [number_of(item) for item in items] if self.numbers else list(items)


@dataclass(frozen=True)
class Table(Node):
    """Fields under one heading."""

    parts: Mapping[str, Node] = field(default_factory=dict)
    drops_empty: bool = False
    """Whether only the fields that hold something are there at all."""

    def typed(self, value: Any, at: str) -> Iterator[tuple[str, list[str]]]:
        """Return the inputs of the fields; a field that is left out shows its default."""
        given = _mapping(self.about.default if value is None else value)
        for name, part in self.parts.items():
            if name in given and given[name] is None and isinstance(part, Leaf):
                yield f"{at}-{name}", []
            else:
                yield from part.typed(given.get(name), f"{at}-{name}")

    def value(self, typed: Typed, at: str) -> Any:
        """Return the fields as an object."""
        values = {name: part.value(typed, f"{at}-{name}") for name, part in self.parts.items()}
        return {name: it for name, it in values.items() if it is not None or not self.drops_empty}

    def inputs(self, typed: Typed, at: str) -> Iterator[tuple[str, Node]]:
        """Return the inputs of the fields, one after the other."""
        for name, part in self.parts.items():
            yield from part.inputs(typed, f"{at}-{name}")

    def place(self, path: Path, typed: Typed, at: str, sentence: str = "") -> str:
        """Go on to the field, or to the first one that the sentence names, or to the first one."""
        here, below = (str(path[0]), path[1:]) if path else ("", ())
        if here not in self.parts:
            words = re.findall(r"\w+", sentence)
            here = next((word for word in words if word in self.parts), next(iter(self.parts)))
            below = ()
        return self.parts[here].place(below, typed, f"{at}-{here}", sentence)


@dataclass(frozen=True)
class Rows(Node):
    """A list of tables. One hidden input tells which rows there are, and in what order."""

    item: Table

    def typed(self, value: Any, at: str) -> Iterator[tuple[str, list[str]]]:
        """Return the inputs of each row."""
        given = self.about.default if value is None else value
        items = list(given) if isinstance(given, list | tuple) else []
        yield at, [str(row) for row in range(len(items))]
        for row, item in enumerate(items):
            yield from self.item.typed(_mapping(item), f"{at}-{row}")

    def value(self, typed: Typed, at: str) -> Any:
        """Return the rows as a list, in the order of the page."""
        return [self.item.value(typed, f"{at}-{row}") for row in rows_of(typed, at)]

    def inputs(self, typed: Typed, at: str) -> Iterator[tuple[str, Node]]:
        """Return the input that names the rows, then theirs."""
        yield at, self
        for row in shown_rows(typed, at):
            yield from self.item.inputs(typed, f"{at}-{row}")

    def place(self, path: Path, typed: Typed, at: str, sentence: str = "") -> str:
        """Go on to the row; what is said of the whole list is told at the list."""
        rows = shown_rows(typed, at)
        if path and isinstance(path[0], int) and path[0] < len(rows):
            return self.item.place(path[1:], typed, f"{at}-{rows[path[0]]}", sentence)
        return at


@dataclass(frozen=True)
class OneOf(Node):
    """A choice of tables. All of them are typed; the one that is chosen counts."""

    tag: Leaf
    """The field that names the choice."""
    tables: Mapping[str, Table]

    def typed(self, value: Any, at: str) -> Iterator[tuple[str, list[str]]]:
        """Return the choice and the inputs of every table; those not chosen show their defaults."""
        given = _mapping(self.about.default if value is None else value)
        chosen = given.get(self.tag_name)
        yield from self.tag.typed(chosen, f"{at}-{self.tag_name}")
        for name, table in self.tables.items():
            yield from table.typed(given if name == chosen else {}, f"{at}-{name}")

    def value(self, typed: Typed, at: str) -> Any:
        """Return the chosen table with its name in it."""
        chosen = self.tag.value(typed, f"{at}-{self.tag_name}")
        table = self.tables.get(chosen)
        return {self.tag_name: chosen} | (table.value(typed, f"{at}-{chosen}") if table else {})

    def inputs(self, typed: Typed, at: str) -> Iterator[tuple[str, Node]]:
        """Return the input of the choice, then those of every table."""
        yield f"{at}-{self.tag_name}", self.tag
        for name, table in self.tables.items():
            yield from table.inputs(typed, f"{at}-{name}")

    def place(self, path: Path, typed: Typed, at: str, sentence: str = "") -> str:
        """Go on to the table that the path names, as pydantic does, or that is chosen."""
        chosen = str(self.tag.value(typed, f"{at}-{self.tag_name}"))
        if path and path[0] not in self.tables:
            path = (chosen, *path)
        if path and (table := self.tables.get(str(path[0]))) and path[1:] != (self.tag_name,):
            return table.place(path[1:], typed, f"{at}-{path[0]}", sentence)
        return f"{at}-{self.tag_name}"

    @property
    def tag_name(self) -> str:
        """Return what the field is called that names the choice."""
        return self.tag.about.path.rpartition(".")[2]


def rows_of(typed: Typed, at: str) -> list[str]:
    """Return the names of a list's rows in their order."""
    return list(dict.fromkeys(row for row in typed.get(at, ()) if re.fullmatch(r"[0-9]{1,4}", row)))


def shown_rows(typed: Typed, at: str) -> list[str]:
    """Return the names of the rows that are drawn: each has some inputs."""
    return rows_of(typed, at)[:MOST_ROWS]


def text_of(given: Sequence[str]) -> str:
    """Return the text of an input; browsers end lines in two characters."""
    return given[0].replace("\r\n", "\n") if given else ""


def number_of(text: str) -> int | str | None:
    """Return a whole number, None for nothing, and any other text as it is."""
    if not text:
        return None
    return int(text) if _NUMBER.fullmatch(text) else text


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
