"""Make links to a preview, and take them back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from contracts.console.models import Draft, PreviewLink
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.purging import delete_in_batches
from core.common.turns import hold_turn
from core.staff.permissions import StaffPermission
from core.staff.scope import find_staff
from tenants.models import Contract

_CONFIGURE: Final = StaffPermission.CONTRACTS_CONFIGURE
MOST_LINKS: Final = 10
"""Links of one document that work at once. Own figure: each colleague can have their own."""


class TooManyLinksError(DomainError):
    """The document has as many links as it may have."""

    code: ClassVar[str] = "preview_links_too_many"
    message: ClassVar[str] = (
        f"There are {MOST_LINKS} links to this preview already. Take one back first."
    )


@dataclass(frozen=True)
class Previewed:
    """A document that is previewed: `of` says what it was taken from, `label` does so in words."""

    slug: str
    of: str
    label: str
    document: Mapping[str, Any]
    draft: Draft | None = None


def make_preview_link(*, previewed: Previewed, hours: int, by: UUID, at: datetime) -> PreviewLink:
    """Make a link that shows a document, as it is now, for some hours (a week at most).

    Called by the page of the preview, which has looked at the rights of `by`. Records
    `preview_link.made`. Raises TooManyLinksError.
    """
    with transaction.atomic():
        _hold_links(previewed, by)
        if list_links(previewed, by=by, at=at).count() >= MOST_LINKS:
            raise TooManyLinksError
        link = PreviewLink.objects.create(
            slug=previewed.slug,
            of=previewed.of,
            draft=previewed.draft,
            made_by_id=by,
            label=previewed.label,
            document=dict(previewed.document),
            made_at=at,
            expires_at=at + timedelta(hours=hours),
        )
        _record("preview_link.made", link, by, at, hours=hours)
    return link


def take_back_preview_link(*, link: PreviewLink, by: UUID, at: datetime) -> bool:
    """End a link before its time; tells whether it still worked. Pressed twice it ends once.

    Called by the page of the preview. Records `preview_link.taken_back`.
    """
    with transaction.atomic():
        open_links = PreviewLink.objects.filter(pk=link.pk, taken_back_at=None, expires_at__gt=at)
        changed = open_links.update(taken_back_at=at, taken_back_by=by)
        if changed:
            _record("preview_link.taken_back", link, by, at)
    return bool(changed)


def list_links(previewed: Previewed, *, by: UUID, at: datetime) -> QuerySet[PreviewLink]:
    """Return the links to a document that work now: of a draft, its author's own."""
    own = Q(draft=previewed.draft, made_by=by) if previewed.draft else Q(draft=None)
    rows = PreviewLink.objects.filter(own, slug=previewed.slug, of=previewed.of)
    return rows.filter(taken_back_at=None, expires_at__gt=at).order_by("-made_at")


def find_link(link_id: UUID, *, at: datetime) -> PreviewLink | None:
    """Return a link while it works and whoever made it could make it now, or None.

    A role that ended takes its links along: nobody leaves a door open behind them.
    """
    rows = PreviewLink.objects.filter(taken_back_at=None, expires_at__gt=at)
    contract = Contract.objects.filter(slug=OuterRef("slug")).values("id")[:1]
    found = rows.filter(pk=link_id, made_by__is_active=True).select_related("made_by")
    link = found.annotate(about=Subquery(contract)).first()
    return link if link is not None and _may_still_link(link, at) else None


def _may_still_link(link: Any, at: datetime) -> bool:
    """Tell whether who made a link holds the right; for a contract to come, everywhere."""
    staff = find_staff(link.made_by, at=at)
    return staff is not None and staff.scope(_CONFIGURE).covers(link.about)


def purge_preview_links(*, at: datetime) -> int:
    """Delete links that have ended; returns how many. What they showed is kept by its source."""
    return delete_in_batches(PreviewLink.objects.filter(expires_at__lte=at))


def _hold_links(previewed: Previewed, by: UUID) -> None:
    """Count links of one document in turns: two presses at once make no eleventh."""
    of = f"{by}" if previewed.draft else previewed.of
    hold_turn("preview-links", f"{previewed.slug}/{of}")


def _record(event_type: str, link: PreviewLink, by: UUID, at: datetime, **data: object) -> None:
    contract = Contract.objects.filter(slug=link.slug).values_list("id", flat=True).first()
    record(
        event_type,
        contract_id=contract,
        actor_id=by,
        subject=("preview_link", link.id),
        data={"slug": link.slug, "of": link.of, **data},
        at=at,
    )
