"""The banners of contracts as processes hold them in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from tenants.configuration.document import Notice
from tenants.models import ContractNotice, NoticeLevel


@dataclass(frozen=True, slots=True)
class Banner:
    """One notice at the head of a contract's pages, between two moments."""

    text: str
    from_at: datetime
    until_at: datetime
    level: str = NoticeLevel.WARNING.value
    link_label: str = ""
    link_url: str = ""

    def is_shown(self, at: datetime) -> bool:
        """Whether the banner is on the pages at this moment."""
        return self.from_at <= at < self.until_at


def banners_of(notices: Sequence[Notice]) -> tuple[Banner, ...]:
    """Return the notices of a document as banners; they look as documents' always did."""
    return tuple(Banner(one.text, one.from_at, one.until_at) for one in notices)


def banner_of(row: ContractNotice) -> Banner:
    """Return a published notice as a banner."""
    return Banner(row.text, row.from_at, row.until_at, row.level, row.link_label, row.link_url)


def load_banners() -> Mapping[UUID, tuple[Banner, ...]]:
    """Return the published notices that are on pages or will be, by contract (one query)."""
    found: dict[UUID, tuple[Banner, ...]] = {}
    rows = ContractNotice.objects.filter(ended_at=None, until_at__gt=Now())
    for row in rows.order_by("from_at", "id"):
        found[row.contract_id] = (*found.get(row.contract_id, ()), banner_of(row))
    return found
