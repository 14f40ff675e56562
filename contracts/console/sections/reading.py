"""From the typed document to the tree of what is typed: no field of a document is written by hand.

A kind of field that nobody has thought of raises an error when the tree is made, and a test makes
the tree of the whole document.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic import AwareDatetime, BaseModel, BeforeValidator
from pydantic_core import to_jsonable_python

from contracts.console.sections.nodes import (
    About,
    DateLeaf,
    Leaf,
    LinesLeaf,
    Node,
    NumberLeaf,
    OneOf,
    Rows,
    SomeLeaf,
    Table,
    YesLeaf,
)
from tenants.configuration.document import ContractDocument
from tenants.configuration.explanations import explanations_of
from tenants.configuration.values import Policy, split_paragraphs

_ONE_LINE: Final = 300
"""Characters that a text on one line has at most; what may be longer may have several lines."""


@cache
def section_node(name: str) -> Node:
    """Return what is typed for one section of a contract's document. Raises KeyError."""
    return _of_field(ContractDocument, name, name)


def find_node(path: str) -> Node | None:
    """Return what is typed for a field, as in `support.phone`; None for one that is unknown."""
    section, *names = path.split(".")
    node = section_node(section) if section in ContractDocument.model_fields else None
    for name in names:
        node = _inside(node, name)
    return node


def _inside(node: Node | None, name: str) -> Node | None:
    match node:
        case Table(parts=parts) | Rows(item=Table(parts=parts)):
            return parts.get(name)
        case OneOf(tag=tag, tables=tables):
            if name == node.tag_name:
                return tag
            return next((one.parts[name] for one in tables.values() if name in one.parts), None)
    return None


def _of_field(model: type[BaseModel], name: str, path: str) -> Node:
    info = model.model_fields[name]
    annotation, metadata, can_be_empty = _unwrapped(info.annotation, tuple(info.metadata))
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    about = About(
        path=path,
        help=explanations_of(model).get(name, ""),
        default=to_jsonable_python(default),
        can_be_empty=can_be_empty,
        unit=next((item.unit for item in metadata if isinstance(item, Policy)), ""),
        least=next((int(str(one.ge)) for one in metadata if isinstance(one, Ge)), None),
        most=next((int(str(one.le)) for one in metadata if isinstance(one, Le)), None),
        longest=min((one.max_length for one in metadata if isinstance(one, MaxLen)), default=None),
    )
    if info.discriminator:
        return _one_of(get_args(annotation), str(info.discriminator), about)
    return _node(annotation, metadata, about)


def _node(annotation: Any, metadata: tuple[Any, ...], about: About) -> Node:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return Leaf(replace(about, choices=inner), "one")
    if origin is tuple:
        return _of_list(inner[0], metadata, about)
    if origin is dict:
        return _of_words(inner, about)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _table(annotation, about)
    if annotation is str and about.longest and about.longest > _ONE_LINE:
        return Leaf(about, "text")
    return _PLAIN[annotation](about)


def _table(model: type[BaseModel], about: About, *, without: str = "") -> Table:
    own = inspect.get_annotations(model)
    # What a model inherits comes last, as in what is exported.
    names = sorted(model.model_fields, key=lambda name: name not in own)
    parts = {
        name: _of_field(model, name, f"{about.path}.{name}") for name in names if name != without
    }
    return Table(replace(about, help=about.help or inspect.getdoc(model) or ""), parts)


def _of_list(item: Any, metadata: tuple[Any, ...], about: About) -> Node:
    item, _, _ = _unwrapped(item, ())
    if get_origin(item) is Literal:
        return SomeLeaf(replace(about, choices=get_args(item)), "some")
    if issubclass(item, BaseModel):
        return Rows(about, _table(item, About(about.path)))
    befores = [one.func for one in metadata if isinstance(one, BeforeValidator)]
    return LinesLeaf(about, "lines", item is int, split_paragraphs in befores)


def _of_words(inner: tuple[Any, ...], about: About) -> Table:
    """Fields of words by a fixed set of keys, such as the labels of a form."""
    keys, (words, metadata, _) = get_args(inner[0]), _unwrapped(inner[1], ())
    parts = {
        key: _node(words, metadata, About(f"{about.path}.{key}", can_be_empty=True)) for key in keys
    }
    return Table(about, parts, drops_empty=True)


def _one_of(models: tuple[type[BaseModel], ...], tag: str, about: About) -> OneOf:
    tables = {
        str(model.model_fields[tag].default): _table(model, About(about.path), without=tag)
        for model in models
    }
    named = About(f"{about.path}.{tag}", help=about.help, choices=tuple(tables))
    return OneOf(about, Leaf(named, "one"), tables)


def _unwrapped(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...], bool]:
    """Return a type without what is around it, that as metadata, and whether it may be None."""
    if get_origin(annotation) is Annotated:
        inner, *around = get_args(annotation)
        flat = tuple(part for one in around for part in (getattr(one, "metadata", None) or [one]))
        return _unwrapped(inner, (*metadata, *flat))
    arms = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else ()
    if NoneType in arms and len(arms) == 2:
        [arm] = (arm for arm in arms if arm is not NoneType)
        inner, found, _ = _unwrapped(arm, metadata)
        return inner, found, True
    return annotation, metadata, False


_PLAIN: Final[Mapping[Any, Callable[[About], Leaf]]] = {
    str: Leaf,
    int: lambda about: NumberLeaf(about, "number"),
    bool: lambda about: YesLeaf(about, "yes"),
    date: lambda about: DateLeaf(about, "date"),
    AwareDatetime: lambda about: DateLeaf(about, "moment"),
}
