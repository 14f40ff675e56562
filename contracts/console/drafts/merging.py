"""Carry a draft over to what was published meanwhile: three documents become one.

What the draft alone changed is kept, what was published alone is taken over. Where both changed the
same value differently, the author chooses. A list counts as one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GONE = object()
"""A value that a document does not have."""


@dataclass(frozen=True)
class Conflict:
    """A value that both changed, in different ways. `field` is its dotted path."""

    field: str
    base: Any
    draft: Any
    published: Any


@dataclass(frozen=True)
class Merged:
    """A draft on the new base: with the draft's values wherever both changed."""

    document: dict[str, Any]
    conflicts: tuple[Conflict, ...]
    taken_over: tuple[str, ...]
    """Fields that only the publication changed."""


def merge(
    base: Mapping[str, Any],
    draft: Mapping[str, Any],
    published: Mapping[str, Any],
    *,
    published_wins: frozenset[str] = frozenset(),
) -> Merged:
    """Return a draft as it would be, had it begun with what is published now.

    In the fields of `published_wins` the published value counts; a conflict that is decided so, or
    for the draft, is still told.
    """
    merging = _Merging(published_wins)
    document = merging.tables(base, draft, published, "")
    return Merged(document, tuple(merging.conflicts), tuple(merging.taken_over))


class _Merging:
    def __init__(self, published_wins: frozenset[str]) -> None:
        self.published_wins = published_wins
        self.conflicts: list[Conflict] = []
        self.taken_over: list[str] = []

    def tables(
        self, base: Mapping[str, Any], draft: Mapping[str, Any], new: Mapping[str, Any], path: str
    ) -> dict[str, Any]:
        names = [*new, *(name for name in draft if name not in new)]
        found = {
            name: self.value(
                base.get(name, _GONE),
                draft.get(name, _GONE),
                new.get(name, _GONE),
                f"{path}{name}",
            )
            for name in names
        }
        return {name: value for name, value in found.items() if value is not _GONE}

    def value(self, base: Any, draft: Any, new: Any, field: str) -> Any:
        if new in (draft, base):
            return draft
        if draft == base:
            self.taken_over.append(field)
            return new
        if _are_alike(base, draft, new):
            return self.tables(base, draft, new, f"{field}.")
        self.conflicts.append(Conflict(field, *(_shown(one) for one in (base, draft, new))))
        return new if field in self.published_wins else draft


def _are_alike(base: Any, draft: Any, new: Any) -> bool:
    """Tell whether three tables are about the same thing: a rule of another family is another."""
    tables = [one for one in (base, draft, new) if isinstance(one, Mapping)]
    return len(tables) == 3 and len({str(one.get("family")) for one in tables}) == 1


def _shown(value: Any) -> Any:
    return None if value is _GONE else value
