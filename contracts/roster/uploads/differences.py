"""A set of changes as a page shows it: counted by kind, and field by field."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, QuerySet

from contracts.roster.columns import COLUMNS, text_in
from contracts.roster.models import RosterChange, RosterRejection, RosterUpload
from contracts.roster.models.uploads import ChangeKind
from contracts.roster.uploads.states import UploadState
from core.groups.models import Provider, ProviderStatus
from tenants.configuration.document import ContractDocument
from tenants.context import require_contract

PER_PAGE: Final = 25
_EXAMPLES: Final = 4
_LABELS: Final = {
    "remittance_on": "payment on",
    "remittance_amount": "payment of",
    "notice_email": "e-mail for notices",
    "starts_on": "from",
    "ends_on": "until",
    "zip": "ZIP",
}


@dataclass(frozen=True)
class FieldChange:
    """A field that becomes another one; what is secret is not shown."""

    column: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeRow:
    """What happens with one entry."""

    kind: str
    label: str
    name: str
    identifier: str
    place: str
    fields: Sequence[FieldChange]


@dataclass(frozen=True)
class KindCount:
    """How many changes there are of one kind."""

    kind: str
    label: str
    count: int


def list_changes(changes: UUID, kind: str) -> QuerySet[RosterChange]:
    """Return the changes of a set, of one kind or of all, in the order of the file."""
    found = RosterChange.objects.filter(changes=changes).order_by("id")
    return found.filter(kind=kind) if kind in ChangeKind.values else found


def count_kinds(changes: UUID) -> list[KindCount]:
    """Return how many changes there are of each kind, the most drastic one first (one query)."""
    rows = RosterChange.objects.filter(changes=changes).order_by().values("kind")
    counts = dict(rows.annotate(n=Count("id")).values_list("kind", "n"))
    order = (ChangeKind.REMOVED, ChangeKind.CHANGED, ChangeKind.RETURNED, ChangeKind.ADDED)
    return [KindCount(kind.value, kind.label, counts[kind]) for kind in order if kind in counts]


def change_rows(found: Iterable[RosterChange]) -> Iterator[ChangeRow]:
    """Yield changes as a page shows them."""
    for one in found:
        place = ", ".join(filter(None, (one.address_1, one.city, f"{one.state} {one.zip}")))
        yield ChangeRow(
            one.kind,
            ChangeKind(one.kind).label,
            one.name,
            one.identifier,
            place,
            list(_fields(one)),
        )


def examples(changes: UUID) -> list[ChangeRow]:
    """Return some changes of each kind (four queries)."""
    order = (ChangeKind.REMOVED, ChangeKind.CHANGED, ChangeKind.RETURNED, ChangeKind.ADDED)
    some = [list_changes(changes, kind.value)[:_EXAMPLES] for kind in order]
    return [row for found in some for row in change_rows(found)]


def count_registered(upload: RosterUpload) -> int:
    """Return how many of the entries that leave are registered (one query)."""
    if upload.state != UploadState.READY or not upload.removed:
        return 0
    leaving = list_changes(upload.id, ChangeKind.REMOVED.value).order_by()
    return Provider.objects.filter(
        contract_id=require_contract().id,
        status=ProviderStatus.ACTIVE,
        roster_entry_id__in=leaving.values("entry"),
    ).count()


def drops_many(upload: RosterUpload, document: ContractDocument) -> bool:
    """Tell whether a file drops more of the roster than its contract takes without asking."""
    return upload.removed * 100 > upload.present * document.groups.roster_drop_percent


def rejection_rows(upload: RosterUpload) -> Iterator[Iterable[object]]:
    """Yield the rejected rows of a file, as a sheet: row, column, reason. No value of the file."""
    yield ("row", "column", "reason")
    rows = RosterRejection.objects.filter(upload=upload).order_by("row", "id")
    yield from rows.values_list("row", "column", "reason").iterator(chunk_size=2_000)


def _fields(one: RosterChange) -> Iterator[FieldChange]:
    before = one.before or {}
    for name in COLUMNS:
        if name in before:
            after = getattr(one, name)
            label = _LABELS.get(name, name.replace("_", " "))
            yield FieldChange(name, label, text_in(name, before[name]), text_in(name, after))
