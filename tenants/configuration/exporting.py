"""From a document to TOML text for people. Reading the text again gives an equal document."""

import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from tenants.configuration.explanations import explanations_of
from tenants.configuration.values import NONE_WORD, split_paragraphs

_WIDTH: Final = 98
Comments = Literal["with comments", "plain"]


def to_toml(document: BaseModel, *, comments: Comments = "plain") -> str:
    """Return a document as TOML, every value written out, defaults too.

    With comments, sections and fields carry the explanations of the model.
    """
    lines = list(_table(document, "", comments))
    return "\n".join(lines).strip("\n") + "\n"


def _table(model: BaseModel, path: str, comments: Comments) -> Iterator[str]:
    nested: list[str] = []
    for name, field in _own_fields_first(type(model)):
        value = getattr(model, name)
        place = f"{path}.{name}" if path else name
        if isinstance(value, BaseModel):
            nested += ["", *_explained(type(value).__doc__, comments), f"[{place}]"]
            nested += _table(value, place, comments)
        elif isinstance(value, Mapping):
            nested += ["", f"[{place}]", *_pairs(value)] if value else []
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for number, item in enumerate(value):
                explain = comments if number == 0 else "plain"
                nested += ["", *_explained(type(item).__doc__, explain), f"[[{place}]]"]
                nested += _table(item, place, explain)
        elif not value and (model_of_items := _model_of_items(field)):
            # `name = []` would keep people from adding [[name]] further down.
            nested += _outline(place, model_of_items, comments)
        else:
            yield from _explained(explanations_of(type(model)).get(name), comments)
            yield from _pair(name, value, field, comments)
    yield from nested


def _own_fields_first(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The fields of a model, those that it inherits last: a document starts with what it is."""
    own = inspect.get_annotations(model)
    return sorted(model.model_fields.items(), key=lambda item: item[0] not in own)


def _model_of_items(field: FieldInfo) -> type[BaseModel] | None:
    items = get_args(field.annotation)
    is_table = bool(items) and isinstance(items[0], type) and issubclass(items[0], BaseModel)
    return items[0] if is_table else None


def _outline(place: str, model: type[BaseModel], comments: Comments) -> list[str]:
    """A list that has no entry yet, as a comment to copy from."""
    if comments == "plain":
        return []
    fields = [f"# {name} =" for name in model.model_fields]
    return ["", *_explained(model.__doc__, comments), f"# [[{place}]]", *fields]


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        yield f"{key} = {_text(value)}"


def _pair(name: str, value: Any, field: FieldInfo, comments: Comments) -> Iterator[str]:
    if choices := _choices(field.annotation):
        yield from _explained(
            f"{'One' if isinstance(value, str) else 'Some'} of: {choices}.", comments
        )
    if value is None and field.default is None:
        if comments == "with comments":
            yield f"# {name} ="
    elif value is None:
        yield f"{name} = {_text(NONE_WORD)}"
    elif _is_one_text(value, field):
        yield f"{name} = {_paragraphs(value)}"
    else:
        yield f"{name} = {_value(value, len(name))}"


def _choices(annotation: Any) -> str:
    if get_origin(annotation) is tuple:
        return _choices(get_args(annotation)[0])
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    return ", ".join(str(choice) for choice in choices) if len(choices) > 1 else ""


def _explained(text: str | None, comments: Comments) -> Iterator[str]:
    if not text or comments == "plain":
        return
    plain = " ".join(text.replace("`", "").split())
    yield from textwrap.wrap(plain, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _is_one_text(value: Any, field: FieldInfo) -> bool:
    """Whether a list of paragraphs can be written as one text with empty lines between them."""
    splits = any(
        isinstance(item, BeforeValidator) and item.func is split_paragraphs
        for item in field.metadata
    )
    return splits and bool(value) and all(" ".join(part.split()) == part for part in value)


def _paragraphs(value: tuple[str, ...]) -> str:
    wrapped = [
        "\n".join(textwrap.wrap(part, _WIDTH, break_long_words=False, break_on_hyphens=False))
        for part in value
    ]
    return _text("\n\n".join(wrapped) + "\n")


def _value(value: Any, indent: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return _list(value, indent)
    return str(value) if isinstance(value, int) else _text(str(value))


def _list(values: tuple[Any, ...], indent: int) -> str:
    items = [_value(value, 0) for value in values]
    line = f"[{', '.join(items)}]"
    if len(line) + indent + len(" = ") <= _WIDTH:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _text(value: str) -> str:
    """A TOML string. JSON's escapes are TOML's, too."""
    if "\n" not in value:
        return json.dumps(value, ensure_ascii=False)
    body = "\n".join(json.dumps(line, ensure_ascii=False)[1:-1] for line in value.split("\n"))
    return f'"""\n{body}"""'
