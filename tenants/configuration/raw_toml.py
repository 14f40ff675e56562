"""TOML text of JSON values that may not make a document yet: of a draft that has mistakes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from tenants.configuration.document import ContractDocument
from tenants.configuration.values import NONE_WORD

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def values_to_toml(data: Mapping[str, Any]) -> str:
    """Return JSON values as TOML. Where TOML has no word for *no value*, the field is left out.

    Fields of a contract's document whose default is a value say "none" in its place.
    """
    return "\n".join(_table(data, ())).strip("\n") + "\n"


def _table(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    for name, value in data.items():
        if value is None and ".".join((*path, name)) in _says_none(ContractDocument):
            yield f"{_key(name)} = {_text(NONE_WORD)}"
        elif value is not None and not isinstance(value, Mapping) and not _is_tables(value):
            yield f"{_key(name)} = {_value(value)}"
    for name, value in data.items():
        place = (*path, name)
        header = ".".join(_key(part) for part in place)
        if isinstance(value, Mapping):
            yield from ("", f"[{header}]", *_table(value, place))
        elif _is_tables(value):
            for item in value:
                yield from ("", f"[[{header}]]", *_table(item, place))


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, Mapping) for i in value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = [f"{_key(name)} = {_value(item)}" for name, item in _there(value.items())]
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_value(item) for item in value if item is not None) + "]"
    return _text(str(value))


def _there(items: Any) -> Iterator[tuple[str, Any]]:
    return ((name, item) for name, item in items if item is not None)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    """A TOML string: JSON's escapes are TOML's, and TOML escapes one character more."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@cache
def _says_none(model: type[BaseModel], prefix: str = "") -> frozenset[str]:
    """The fields, by their dotted paths, that can be without a value and have one by default."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        place = f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= _says_none(field.annotation, f"{place}.")
        elif type(None) in getattr(field.annotation, "__args__", ()) and field.default is not None:
            found.add(place)
    return frozenset(found)
