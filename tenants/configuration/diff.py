"""What is different between two documents, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

_NAMED_BY: Final = ("version", "rule", "host", "purpose", "issuer", "value")
"""Fields by which the entries of a list are told apart, so that a moved entry is no difference."""
_ABSENT: Final = "(none)"


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
        return f"~ {self.field}: {_shown(self.before)} -> {_shown(self.after)}"


def difference(before: BaseModel | None, after: BaseModel) -> tuple[Change, ...]:
    """Return every field in which two documents differ; all fields when there is no earlier one."""
    old = flatten(before.model_dump(mode="json")) if before is not None else {}
    new = flatten(after.model_dump(mode="json"))
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
    if value is None:
        return _ABSENT
    text = f'"{value}"' if isinstance(value, str) else str(value).lower()
    flat = " ".join(text.split())
    longest = 96
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"
