"""How far a file of new users is, and what became of each row."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Func, OuterRef, Q, UUIDField
from django.http import Http404

from core.groups.models import BatchRow, InvitationBatch, Provider
from core.groups.reach import Reach
from core.groups.services.invitations import INVITATION_KIND
from core.groups.wording import mail_words
from core.notifications.selectors import newest_status

MOST_PROBLEMS: Final = 200
"""Shown on the page; the report has all."""
_MOST_BATCHES: Final = 20


@dataclass(frozen=True)
class Progress:
    """Rows of a file: all, with a problem, invited, and still to be done."""

    rows: int
    problems: int
    invited: int
    waiting: int

    @property
    def done(self) -> int:
        """Return how many rows need nothing more."""
        return self.rows - self.waiting


def list_own_batches(reach: Reach) -> list[InvitationBatch]:
    """Return the files that a person sent, the newest first (three queries)."""
    own = InvitationBatch.objects.filter(uploaded_by=reach.actor.id)
    return _entered(reach, own.order_by("-uploaded_at", "-id")[:_MOST_BATCHES])


def access_own_batch(reach: Reach, key: UUID) -> InvitationBatch:
    """Return a file that the person sent. Raises Http404 for anybody else's and out of reach."""
    found = InvitationBatch.objects.filter(uploaded_by=reach.actor.id, pk=key)
    entered = _entered(reach, found)
    if not entered:
        raise Http404
    return entered[0]


def _entered(reach: Reach, batches: Iterable[InvitationBatch]) -> list[InvitationBatch]:
    """Leave out files about contracts that the session has not entered (design decision 7)."""
    found = list(batches)
    place = Func(F("providers"), function="unnest", output_field=UUIDField())
    rows = BatchRow.objects.filter(batch__in=found).annotate(place=place)
    named = set(rows.values_list("batch_id", "place").distinct())
    within = Provider.objects.filter(contract_id__in=reach.contract_ids)
    known = within.in_bulk({key for _batch, key in named})
    hidden = {batch for batch, key in named if key not in known}
    return [one for one in found if one.id not in hidden]


def progress_of(batch: InvitationBatch) -> Progress:
    """Count a file's rows (one query)."""
    counts = batch.rows.aggregate(
        rows=Count("id"),
        problems=Count("id", filter=~Q(problem="")),
        waiting=Count("id", filter=BatchRow.WAITING),
    )
    invited = counts["rows"] - counts["problems"] - counts["waiting"]
    return Progress(**counts, invited=invited)


def problems_of(batch: InvitationBatch) -> Sequence[BatchRow]:
    """Return the first rows with a problem."""
    return list(batch.rows.exclude(problem="").order_by("number")[:MOST_PROBLEMS])


def report_rows(batch: InvitationBatch) -> Iterator[Iterable[object]]:
    """Yield the report: the header, then each row with what became of it.

    A username is told of rows that were invited alone: one that is proposed around another, or that
    somebody has taken meanwhile, would tell with nobody invited who has an account.
    """
    yield ("row", "email", "username", "result", "column", "reason", "since then")
    rows = batch.rows.annotate(
        mail=newest_status(kind=INVITATION_KIND, about=OuterRef("invitation")),
        accepted_at=F("invitation__accepted_at"),
        withdrawn_at=F("invitation__withdrawn_at"),
    )
    for row in rows.order_by("number"):
        yield (
            *(row.number, row.email, row.username if _is_invited(row) else "", _result(row)),
            *(row.column, row.problem, _since(row)),
        )


def _result(row: BatchRow) -> str:
    if row.problem:
        return "not invited"
    return "invited" if _is_invited(row) else "waiting"


def _is_invited(row: BatchRow) -> bool:
    return row.done_at is not None and not row.problem


def _since(row: BatchRow) -> str:
    if row.accepted_at:  # type: ignore[attr-defined]
        return "accepted"
    if row.withdrawn_at:  # type: ignore[attr-defined]
        return "withdrawn"
    return mail_words(row.mail)  # type: ignore[attr-defined]
