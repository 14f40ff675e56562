"""Which provider a row means: looked up in the roster of its contract."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.db.models import Q

from contracts.legacy.rows import LegacyRow
from contracts.registration.selectors import local_date
from contracts.registration.services.providers import facts_of
from contracts.registration.units import number_of, unit_key_of
from contracts.roster.models import RosterEntry
from core.common.tables import Rejection
from core.groups.services.providers import ProviderFacts
from tenants import registry
from tenants.context import ActiveContract, contract_context

_BATCH = 5_000
_NOT_THERE = "The program's roster has no provider with this number."
_SEVERAL = "The number has several locations: name one in the column address_1, as on the roster."


@dataclass(frozen=True)
class Place:
    """A provider on a roster, as it would be registered."""

    contract: ActiveContract
    facts: ProviderFacts

    @property
    def key(self) -> tuple[UUID, str]:
        """What registers once, over all contracts."""
        return self.contract.id, self.facts.unit_key


@dataclass
class _Unit:
    unit_key: str
    identifier: str
    identifier_type: str


def find_places(
    rows: Iterable[LegacyRow], *, at: datetime
) -> tuple[dict[int, Place], list[Rejection]]:
    """Return the provider of each row by row number, and what speaks against the others."""
    places: dict[int, Place] = {}
    rejections: list[Rejection] = []
    in_order = sorted(rows, key=lambda row: (row.contract, row.number))
    for slug, of_contract in groupby(in_order, key=lambda row: row.contract):
        group = list(of_contract)
        try:
            contract = registry.get_contract(slug)
        except registry.UnknownContractError:
            reason = "There is no program with this short name that is ready."
            rejections += [Rejection(row.number, "contract", reason) for row in group]
            continue
        with contract_context(contract):
            entries = _entries_by_number({row.identifier for row in group})
            today = local_date(contract.document, at)
            for row in group:
                found = _choose(row, entries.get(row.identifier, []), today)
                if isinstance(found, RosterEntry):
                    places[row.number] = _place(contract, found)
                else:
                    rejections.append(found)
    return places, rejections


def _entries_by_number(numbers: Collection[str]) -> dict[str, list[RosterEntry]]:
    found: dict[str, list[RosterEntry]] = {}
    for batch in _batches(sorted(numbers)):
        named = Q(identifier__in=batch) | Q(identifier="", code__in=batch)
        for entry in RosterEntry.objects.filter(named, removed_at=None).order_by("id"):
            number = number_of(identifier=entry.identifier, code=entry.code)
            found.setdefault(number, []).append(entry)
    return found


def _choose(row: LegacyRow, entries: Sequence[RosterEntry], today: date) -> RosterEntry | Rejection:
    in_force = [entry for entry in entries if _is_in_force(entry, today)]
    if row.address_1:
        wanted = _folded(row.address_1)
        in_force = [entry for entry in in_force if _folded(entry.address_1) == wanted]
    if len(in_force) == 1:
        return in_force[0]
    return Rejection(row.number, "identifier", _SEVERAL if in_force else _NOT_THERE)


def _is_in_force(entry: RosterEntry, today: date) -> bool:
    begun = entry.starts_on is None or entry.starts_on <= today
    return begun and (entry.ends_on is None or entry.ends_on >= today)


def _place(contract: ActiveContract, entry: RosterEntry) -> Place:
    unit = _Unit(
        unit_key=unit_key_of(
            contract.document, entry_id=entry.id, identifier=entry.identifier, code=entry.code
        ),
        identifier=number_of(identifier=entry.identifier, code=entry.code),
        identifier_type=entry.identifier_type,
    )
    return Place(contract, facts_of(unit, entry))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(values), _BATCH):
        yield values[begin : begin + _BATCH]
