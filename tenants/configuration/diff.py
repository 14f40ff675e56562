"""What is different between two documents, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

_NAMED_BY: Final = ("version", "rule", "host", "purpose", "issuer", "value", "what")
"""Fields by which the entries of a list are told apart, so that a moved entry is no difference."""
_ABSENT: Final = "(none)"
_LONGEST: Final = 96
"""Characters of a value that a plan prints; of a longer text that changed, it prints the change."""
_AROUND: Final = 4
"""Words printed before and after the words that differ."""


@dataclass(frozen=True)
class Change:
    """One field that differs. `before` or `after` is None where the field is not there."""

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """Return the change on one line each way, as a plan prints it."""
        if self.before is None:
            return f"+ {self.field} = {_shown(self.after)}"
        if self.after is None:
            return f"- {self.field} = {_shown(self.before)}"
        before, after = _narrowed(self.before, self.after)
        return f"~ {self.field}: {before} -> {after}"


def difference(before: BaseModel | None, after: BaseModel) -> tuple[Change, ...]:
    """Return every field in which two documents differ; all fields when there is no earlier one."""
    old = before.model_dump(mode="json") if before is not None else {}
    return difference_of_values(old, after.model_dump(mode="json"))


def difference_of_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the same of two documents in JSON, which may be wrong."""
    old, new = flatten(before), flatten(after)
    fields = [*new, *(field for field in old if field not in new)]
    return tuple(
        Change(field, old.get(field), new.get(field))
        for field in fields
        if old.get(field) != new.get(field)
    )


def flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of a document by field, as in `terms[2].party.phones[0]`."""
    flat: dict[str, Any] = {}
    for name, value in data.items():
        flat.update(_flatten_value(value, f"{prefix}{name}"))
    return flat


def _flatten_value(value: Any, field: str) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return flatten(value, f"{field}.")
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value:
            return {}
        flat: dict[str, Any] = {}
        for name, item in zip(_names(value), value, strict=True):
            flat.update(_flatten_value(item, f"{field}[{name}]"))
        return flat
    return {} if value is None else {field: value}


def _names(items: Sequence[Any]) -> Sequence[str]:
    """What the entries of a list are called: by a field that names them, else by their place."""
    if all(isinstance(item, Mapping) for item in items):
        for key in _NAMED_BY:
            names = [str(item.get(key)) for item in items]
            if all(key in item for item in items) and len(set(names)) == len(names):
                return names
    return [str(place) for place in range(len(items))]


def _shown(value: Any) -> str:
    flat = _flat(value)
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def _flat(value: Any) -> str:
    if value is None:
        return _ABSENT
    text = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return " ".join(text.split())


def _narrowed(before: Any, after: Any) -> tuple[str, str]:
    """Return both values; of long ones the words that differ, whole, with a few words around.

    What differs is never cut: whoever approves a plan must see every changed word.
    """
    old, new = _flat(before), _flat(after)
    if max(len(old), len(new)) <= _LONGEST:
        return old, new
    if old == new:
        return f"{old} (other spaces or line breaks)", new
    old_words, new_words = old.split(), new.split()
    start = _shared_words(old_words, new_words)
    rest = min(len(old_words), len(new_words)) - start
    end = min(rest, _shared_words(old_words[::-1], new_words[::-1]))
    return _window(old_words, start, end), _window(new_words, start, end)


def _shared_words(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _window(words: Sequence[str], start: int, end: int) -> str:
    first, last = max(0, start - _AROUND), min(len(words), len(words) - end + _AROUND)
    shown = " ".join(words[first:last])
    return f"{'… ' if first else ''}{shown}{' …' if last < len(words) else ''}"
