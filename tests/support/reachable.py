"""Which errors of the domain a call can meet: what its code names, what that names, and so on.

Read off the sources: each function, class and constant names others, of its own module or imported.
A method counts as its class. What is looked up by a text alone is not seen.
"""

import ast
import importlib
import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

from core.common.errors import DomainError

PACKAGES = ("contracts", "core", "tenants")
Place = tuple[str, str]
"""A module, and a name in it."""


def errors_met(beginnings: Iterable[str]) -> set[type[DomainError]]:
    """Return the errors that the code of modules names, without what workers do for it later."""
    waiting = [(name, one) for name in beginnings for one in _read(name).defined]
    seen: set[Place] = set()
    while waiting:
        place = waiting.pop()
        if place not in seen:
            seen.add(place)
            waiting.extend(_named_at(place))
    return {found for place in seen if (found := _error_at(place))}


class _Module:
    """What a module defines at its top, and what it imports from others of ours."""

    def __init__(self, tree: ast.Module) -> None:
        self.defined: dict[str, ast.stmt] = {}
        self.imported: dict[str, Place] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for one in node.names:
                    self.imported[one.asname or one.name] = (node.module, one.name)
        for statement in tree.body:
            self.defined |= dict.fromkeys(_names_of(statement), statement)


@cache
def _sources() -> dict[str, Path]:
    """Return our modules by their names. Tasks are left out: workers do them, and answer nobody."""
    found = {}
    for package in PACKAGES:
        for file in (settings.BASE_DIR / package).rglob("*.py"):
            parts = file.relative_to(settings.BASE_DIR).with_suffix("").parts
            if "migrations" not in parts and parts[-1] != "tasks":
                found[".".join(parts).removesuffix(".__init__")] = file
    return found


@cache
def _read(module: str) -> _Module:
    return _Module(ast.parse(_sources()[module].read_text()))


def _names_of(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign() | ast.AnnAssign():
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def _named_at(place: Place) -> Iterator[Place]:
    module, name = place
    if module not in _sources():
        return
    known = _read(module)
    if name in known.imported:
        yield known.imported[name]
    if name not in known.defined:
        return
    for node in ast.walk(known.defined[name]):
        match node:
            case ast.Name(id=other):
                yield module, other
            case ast.Attribute(value=ast.Name(id=of), attr=other) if of in known.imported:
                yield ".".join(known.imported[of]), other


def _error_at(place: Place) -> type[DomainError] | None:
    module, name = place
    if module not in _sources() or not isinstance(_read(module).defined.get(name), ast.ClassDef):
        return None
    found = getattr(importlib.import_module(module), name)
    return found if inspect.isclass(found) and issubclass(found, DomainError) else None
