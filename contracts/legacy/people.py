"""The persons of a file: several rows of one username are one person. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.legacy.rows import LegacyRow
from core.common.tables import Rejection

_SAME: Final = ("email", "first_name", "last_name")
_MAY_BE_LEFT_OUT: Final = ("phone", "password_hash")


@dataclass
class Person:
    """Everybody with one username, and what they are for which provider."""

    rows: list[LegacyRow] = field(default_factory=list)

    @property
    def first(self) -> LegacyRow:
        """The row that says who it is; the others agree with it."""
        return self.rows[0]

    def value(self, column: str) -> str:
        """Return what the first row that has a value says."""
        return next((found for row in self.rows if (found := getattr(row, column))), "")


def gather(rows: Iterable[LegacyRow]) -> tuple[Sequence[Person], list[Rejection]]:
    """Return the persons in the order of the file, and what speaks against rows among themselves.

    Rows of one username must agree about the person; an empty phone or hash agrees with any. One
    address belongs to one username, compared without case.
    """
    people: dict[str, Person] = {}
    rejections: list[Rejection] = []
    for row in rows:
        person = people.setdefault(row.name_key, Person())
        if person.rows:
            rejections += _disagreements(person, row) + _repeated(person, row)
        person.rows.append(row)
    return list(people.values()), rejections + _shared_addresses(people.values())


def _disagreements(person: Person, row: LegacyRow) -> list[Rejection]:
    different = [name for name in _SAME if getattr(row, name) != getattr(person.first, name)]
    different += [
        name
        for name in _MAY_BE_LEFT_OUT
        if getattr(row, name) and person.value(name) not in {"", getattr(row, name)}
    ]
    reason = f"Row {person.first.number} of the same username says something else."
    return [Rejection(row.number, name, reason) for name in different]


def _repeated(person: Person, row: LegacyRow) -> list[Rejection]:
    for other in person.rows:
        same_place = (other.contract, other.identifier, other.address_1) == (
            row.contract,
            row.identifier,
            row.address_1,
        )
        if same_place:
            reason = f"Row {other.number} has the same username and provider."
            return [Rejection(row.number, "identifier", reason)]
    return []


def _shared_addresses(people: Iterable[Person]) -> list[Rejection]:
    by_address: dict[str, list[LegacyRow]] = {}
    for person in people:
        by_address.setdefault(person.first.email, []).append(person.first)
    found = []
    for sharing in by_address.values():
        for row in sharing if len(sharing) > 1 else []:
            others = ", ".join(str(other.number) for other in sharing if other is not row)
            reason = f"Another username has this address, too: row {others}."
            found.append(Rejection(row.number, "email", reason))
    return found
