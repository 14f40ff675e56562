"""Which providers that are new form one provider group. Pure.

Providers that have an administrator in common form one group, as they do in the portal, where a
provider joins the group that its registrant administers; so do those that name the same group.
People who merely work for two providers join nothing.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class AdminRow(Generic[Key]):
    """That somebody is Provider Group Admin of a provider, and how the file names the group."""

    number: int
    person: str
    provider: Key
    group_name: str


@dataclass
class NewGroup(Generic[Key]):
    """Providers that are administered together, with the rows that say so, in their order."""

    providers: list[Key] = field(default_factory=list)
    rows: list[AdminRow[Key]] = field(default_factory=list)

    @property
    def names(self) -> Sequence[str]:
        """The names that the file gives it; one at most where the file is right."""
        found: dict[str, str] = {}
        for row in self.rows:
            if row.group_name:
                found.setdefault(row.group_name.casefold(), row.group_name)
        return list(found.values())

    def widened(self) -> int:
        """Count the administrators who get a provider here that none of their rows names."""
        people = {row.person for row in self.rows}
        named = {(row.person, row.provider) for row in self.rows}
        return sum(
            any((person, provider) not in named for provider in self.providers) for person in people
        )


def form_groups(rows: Iterable[AdminRow[Key]]) -> Sequence[NewGroup[Key]]:
    """Return the groups in the order in which the file first names a provider of them."""
    of_provider: dict[Key, NewGroup[Key]] = {}
    seen: dict[str, NewGroup[Key]] = {}
    for row in rows:
        group = of_provider.get(row.provider) or NewGroup()
        keys = [f"person:{row.person}"]
        if row.group_name:
            keys.append(f"name:{row.group_name.casefold()}")
        for key in keys:
            other = seen.get(key)
            if other is not None and other is not group:
                group = _merged(other, group, of_provider, seen)
        if row.provider not in group.providers:
            group.providers.append(row.provider)
        group.rows.append(row)
        of_provider[row.provider] = group
        for key in keys:
            seen[key] = group
    return list({id(group): group for group in of_provider.values()}.values())


def _merged(
    kept: NewGroup[Key],
    other: NewGroup[Key],
    of_provider: dict[Key, NewGroup[Key]],
    seen: dict[str, NewGroup[Key]],
) -> NewGroup[Key]:
    """Put one group into the other; whoever pointed at it points at the one that is kept."""
    kept.providers += [one for one in other.providers if one not in kept.providers]
    kept.rows = sorted([*kept.rows, *other.rows], key=lambda row: row.number)
    for provider in other.providers:
        of_provider[provider] = kept
    for key, group in seen.items():
        if group is other:
            seen[key] = kept
    return kept
