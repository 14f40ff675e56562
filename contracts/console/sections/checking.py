"""What the model says of a section that was typed, each sentence at the input that it is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ValidationError, create_model

from contracts.console.sections.nodes import LinesLeaf, Path, Typed
from contracts.console.sections.reading import section_node
from contracts.console.sections.words import label_of, with_words
from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import sentences_of
from tenants.configuration.values import Section

_AS_TYPED: Final = {
    "int_type": "This must be a whole number, such as 15.",
    "literal_error": "Choose one of those offered.",
    "union_tag_invalid": "Choose one of those offered.",
    "union_tag_not_found": "Choose one of those offered.",
    "tuple_type": "This must be a list.",
}
"""Sentences about how values are written in a file, as they are said of a form."""
_LONGEST_ENTRY: Final = 60


@dataclass(frozen=True)
class Checked:
    """A section as it was typed: its JSON, and what is wrong as input and sentence."""

    value: Any
    """As the model writes it; while something is wrong, as it was typed."""
    problems: tuple[tuple[str, str], ...]


def check(name: str, typed: Typed) -> Checked:
    """Return what was typed for a section as JSON, with everything that is wrong with it."""
    value = section_node(name).value(typed, name)
    model = _alone(name)
    try:
        document = model.model_validate({name: value})
    except ValidationError as error:
        return Checked(value, tuple(dict.fromkeys(_placed(name, value, typed, error))))
    return Checked(document.model_dump(mode="json")[name], ())


def read_section(name: str, value: Any) -> Any:
    """Return a section as the model reads it; None where it cannot."""
    try:
        return getattr(_alone(name).model_validate({name: value}), name)
    except ValidationError:
        return None


@cache
def _alone(name: str) -> type[BaseModel]:
    """The document as if it had one section; what a section says of others is for the gates."""
    info = ContractDocument.model_fields[name]
    fields: dict[str, Any] = {name: (info.annotation, info)}
    return create_model("DocumentOfOneSection", __base__=Section, **fields)


def _placed(
    name: str, value: Any, typed: Typed, error: ValidationError
) -> Iterator[tuple[str, str]]:
    node = section_node(name)
    inputs = dict(node.inputs(typed, name))
    labels = {one.about.path.rpartition(".")[2]: label_of(one.about) for one in inputs.values()}
    for path, sentence in sentences_of(error, words=_AS_TYPED):
        at = node.place(path[1:], typed, name, sentence)
        told = with_words(sentence, labels)
        entry = _entry({name: value}, path) if isinstance(inputs[at], LinesLeaf) else None
        yield at, f"{entry}: {told}" if entry else told


def _entry(value: Any, path: Path) -> str | None:
    """Return the entry of a list that an error is about, for a list that is typed as one text."""
    if not path or not isinstance(path[-1], int):
        return None
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part, value)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_ENTRY else f"{text[: _LONGEST_ENTRY - 1]}…"
