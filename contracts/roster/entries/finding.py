"""Finding entries among a million: by number, name and place, and by how far they are.

Everything needs the contract in hand. Names and cities are compared by their capitals in the order
of the bytes, for which there are indexes (`RosterEntry.Meta`): a page is read from where the last
one ended, and no search counts what it does not show.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
)
from django.db.models.functions import Collate, Upper

from contracts.registration.models import PendingRegistration
from contracts.registration.states import LIVE
from contracts.roster.models import IssuedCode, RosterEntry
from contracts.roster.selectors import providers_of_entry, usable_codes
from core.common.http import row_or_404
from core.common.identifiers import normalize
from tenants.context import require_contract

PER_PAGE: Final = 25


class Standing(TextChoices):
    """How far the provider of an entry is with its registration."""

    REGISTERED = "registered", "Registered"
    BEGUN = "begun", "Begun"
    NEVER = "never", "Never begun"
    OPEN = "open", "Not registered (begun or never begun)"


class CodeState(TextChoices):
    """What the codes of an entry are good for, where the portal issues them."""

    USABLE = "usable", "Has a code that works"
    OVER = "over", "Its codes are expired, used or revoked"
    NONE = "none", "Never had a code"
    MISSING = "missing", "Has no code that works"


@dataclass(frozen=True)
class EntryFilter:
    """What entries are narrowed to. Empty values narrow nothing."""

    q: str = ""
    """An identifier, or the beginning of a name."""
    city: str = ""
    standing: str = ""
    code: str = ""
    entries: tuple[str, ...] = ()
    """The keys of these entries, and of no others."""
    off: bool = False
    """Those that were taken off the roster, in place of those that are on it."""

    def kept(self) -> dict[str, Any]:
        """Return it as a row keeps it."""
        kept = {name: value for name, value in asdict(self).items() if value}
        return kept | {"entries": list(self.entries)} if self.entries else kept


@dataclass(frozen=True)
class EntryPage:
    """Some entries of a list, and whether more follow."""

    entries: Sequence[RosterEntry]
    after: UUID | None
    """The key from which the next page goes on; None on the last."""
    after_name: str = ""
    """The name that goes with it, as the list is ordered by it."""


def access_entry(key: UUID) -> RosterEntry:
    """Return an entry of the contract in hand, on the roster or off it. Raises Http404."""
    return row_or_404(RosterEntry.objects.all(), key)


def missing_entries(keys: Sequence[UUID]) -> list[UUID]:
    """Return those of some keys that no entry of the contract in hand has, in their order."""
    there = set(RosterEntry.objects.filter(pk__in=keys).values_list("pk", flat=True))
    return [key for key in keys if key not in there]


def find_entries(chosen: EntryFilter, *, at: datetime) -> QuerySet[RosterEntry]:
    """Return the entries that fit, by name."""
    entries = RosterEntry.objects.filter(removed_at__isnull=not chosen.off)
    entries = entries.annotate(name_key=_key("name")).order_by("name_key", "id")
    if chosen.entries:
        entries = entries.filter(pk__in=chosen.entries)
    if chosen.city.strip():
        entries = entries.annotate(city_key=_key("city")).filter(
            city_key=Upper(Value(chosen.city.strip()))
        )
    return _with_codes(
        _standing(_named(entries, chosen.q.strip()), chosen.standing, at), chosen, at
    )


def read_page(
    chosen: EntryFilter,
    *,
    after: UUID | None,
    at: datetime,
    size: int = PER_PAGE,
    after_name: str | None = None,
) -> EntryPage:
    """Return the entries that follow a given one, each with `is_registered` and `is_begun`.

    `after_name` is `EntryPage.after_name` of the page before, where the caller has kept it; it is
    looked up otherwise.
    """
    found = with_standing(_after(find_entries(chosen, at=at), after, after_name), at=at)
    rows = list(found[: size + 1])
    if len(rows) <= size:
        return EntryPage(rows, None)
    last = rows[size - 1]
    return EntryPage(rows[:size], last.id, last.name_key)  # type: ignore[attr-defined]


def with_standing(entries: QuerySet[RosterEntry], *, at: datetime) -> QuerySet[RosterEntry]:
    """Return entries each with `is_registered` and `is_begun`, in the same statement."""
    return entries.annotate(is_registered=Exists(providers_of_entry()), is_begun=Exists(_begun(at)))


def standing_of(entry: RosterEntry, *, at: datetime) -> Standing:
    """Return how far an entry is."""
    if providers_of(entry).exists():
        return Standing.REGISTERED
    begun = _begun(at, entry.id).exists()
    return Standing.BEGUN if begun else Standing.NEVER


def providers_of(entry: RosterEntry) -> QuerySet[Any]:
    """Return the active providers that were registered by an entry."""
    return providers_of_entry(entry.id)


def _named(entries: QuerySet[Any, Any], typed: str) -> QuerySet[Any, Any]:
    if not typed:
        return entries
    number = normalize(typed)
    if any(sign.isdigit() for sign in number) and " " not in typed:
        return entries.filter(identifier=number)
    return entries.filter(name_key__startswith=_capitals(typed))


def _after(entries: QuerySet[Any, Any], after: UUID | None, key: str | None) -> QuerySet[Any, Any]:
    if after is None:
        return entries
    if key is None:
        key = RosterEntry.objects.filter(pk=after).values_list(_key("name"), flat=True).first()
    if key is None:
        return entries
    beyond = Q(name_key__gt=key) | Q(id__gt=after)
    return entries.filter(beyond, name_key__gte=key)


def _standing(entries: QuerySet[RosterEntry], standing: str, at: datetime) -> QuerySet[RosterEntry]:
    registered, begun = Exists(providers_of_entry()), Exists(_begun(at))
    match standing:
        case Standing.REGISTERED:
            return entries.filter(registered)
        case Standing.BEGUN:
            return entries.filter(~registered, begun)
        case Standing.NEVER:
            return entries.filter(~registered, ~begun)
        case Standing.OPEN:
            return entries.filter(~registered)
    return entries


def _with_codes(
    entries: QuerySet[RosterEntry], chosen: EntryFilter, at: datetime
) -> QuerySet[RosterEntry]:
    usable = Exists(usable_codes(at).filter(entry=OuterRef("pk")))
    any_code = Exists(IssuedCode.objects.filter(entry=OuterRef("pk")))
    match chosen.code:
        case CodeState.USABLE:
            return entries.filter(usable)
        case CodeState.OVER:
            return entries.filter(~usable, any_code)
        case CodeState.NONE:
            return entries.filter(~any_code)
        case CodeState.MISSING:
            return entries.filter(~usable)
    return entries


def _begun(at: datetime, entry_id: UUID | None = None) -> QuerySet[PendingRegistration]:
    return PendingRegistration.objects.filter(
        contract_id=require_contract().id,
        roster_entry_id=entry_id or OuterRef("pk"),
        state__in=LIVE,
        reserved_until__gt=at,
    )


def _key(column: str) -> Collate:
    return Collate(Upper(F(column)), "C")


def _capitals(text: str) -> str:
    """Return a text in the database's own capitals, as `_key` has it: which they are is its."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT upper(%s)", [text])
        return str(cursor.fetchone()[0])
